import manifest from "../package.json" with { type: "json" };

/** Version of this program, client, agent and controller alike. */
export const version: string = manifest.version;
