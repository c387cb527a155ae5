/** Tells a person how far a build of several parts is, one line at a time. */
export interface Progress {
  /** The next part was there already. */
  readonly cached: (title: string) => void;
  /** Runs `work` as the next part, with a line before, after and every half minute. */
  readonly building: <T>(title: string, expected: string, work: () => Promise<T>) => Promise<T>;
  readonly note: (text: string) => void;
}

const sayAgainMs = 30_000;

/** Progress over `total` parts through `say`, which gets one line without its end. */
export function progressOf(total: number, say: (line: string) => void): Progress {
  let number = 0;
  const label = (title: string) => `[${number}/${total}] ${title}`;
  return {
    cached: (title) => {
      number += 1;
      say(`${label(title)}: cached`);
    },
    building: async (title, expected, work) => {
      number += 1;
      const started = Date.now();
      const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
      say(`${label(title)}: building (${expected} when cold)`);
      const timer = setInterval(() => {
        say(`${label(title)}: still building, ${seconds()}`);
      }, sayAgainMs);
      try {
        const result = await work();
        say(`${label(title)}: done in ${seconds()}`);
        return result;
      } catch (error) {
        say(`${label(title)}: failed after ${seconds()}`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
    note: (text) => {
      say(text);
    },
  };
}
