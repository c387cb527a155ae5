import { ClouderError, hasCode } from "#core/error";

/** Waits for a call about our own kinds; where they do not exist the error says how to get them. */
export async function whenInstalled<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!hasCode(error, "not-found") || error.details["unknownKind"] !== true) throw error;
    throw new ClouderError("not-found", "kubectl-clouder is not installed in this cluster", {
      cause: error,
      hint: "install it (needs an administrator of the cluster): kubectl clouder install",
    });
  }
}
