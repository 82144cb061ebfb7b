import { instanceProblems, type Instance } from "@quorate/client";
import { InvalidInstanceError } from "./errors.ts";

/** An instance as it is to be registered. */
export type InstanceInit = Pick<Instance, "service" | "id" | "address"> &
  Partial<Pick<Instance, "metadata" | "tags">>;

/**
 * Fills in defaults and checks every field.
 *
 * @throws {@link InvalidInstanceError} that names every problem at once.
 */
export function toInstance(init: InstanceInit): Instance {
  const instance = { ...init, metadata: init.metadata ?? {}, tags: init.tags ?? [] };
  const problems = instanceProblems(instance);
  if (problems.length > 0) throw new InvalidInstanceError(problems);
  return instance;
}
