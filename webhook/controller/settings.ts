import { ClouderError } from "#core/error";
import { defaultRotation, type RotationSettings } from "#webhook/certificates/plan-rotation";

export interface ControllerSettings {
  /** Absent: cert-manager makes the certificates and patches the caBundle. */
  readonly rotation: RotationSettings | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const hour = 3600_000;

/** Reads CLOUDER_CERTIFICATES (own, cert-manager) and the times of a rotation; `config` when wrong. */
export function controllerSettings(environment: Environment): ControllerSettings {
  const mode = environment["CLOUDER_CERTIFICATES"] ?? "own";
  if (mode === "cert-manager") return { rotation: undefined };
  if (mode !== "own") throw wrong("CLOUDER_CERTIFICATES", mode, "own or cert-manager");
  const time = (name: string, unit: number, fallback: number) => {
    const text = environment[name];
    if (text === undefined || text === "") return fallback;
    const value = Number(text);
    if (!Number.isFinite(value) || value <= 0) throw wrong(name, text, "a number above 0");
    return value * unit;
  };
  const rotation = {
    authorityLifeMs: time("CLOUDER_AUTHORITY_HOURS", hour, defaultRotation.authorityLifeMs),
    servingLifeMs: time("CLOUDER_SERVING_HOURS", hour, defaultRotation.servingLifeMs),
    propagationMs: time("CLOUDER_PROPAGATION_SECONDS", 1000, defaultRotation.propagationMs),
    overlapMs: time("CLOUDER_OVERLAP_SECONDS", 1000, defaultRotation.overlapMs),
  };
  if (rotation.servingLifeMs > rotation.authorityLifeMs / 3) {
    const hours = String(rotation.servingLifeMs / hour);
    throw wrong("CLOUDER_SERVING_HOURS", hours, "a third of CLOUDER_AUTHORITY_HOURS at the most");
  }
  return { rotation };
}

function wrong(name: string, value: string, wanted: string): ClouderError {
  return new ClouderError("config", `${name} is "${value}"`, { hint: `set it to ${wanted}` });
}
