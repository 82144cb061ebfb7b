import type { WorldObserver } from "./observer.ts";

/**
 * One observer that tells several, in order. What one throws goes to `onFailure`, not into the code
 * that is observed, which might swallow it.
 */
export function tellAll(
  observers: readonly WorldObserver[],
  onFailure: (error: unknown) => void,
): Required<WorldObserver> {
  const having = <Name extends keyof WorldObserver>(name: Name): readonly WorldObserver[] =>
    observers.filter((observer) => observer[name] !== undefined);
  const tell = (interested: readonly WorldObserver[], call: (one: WorldObserver) => void): void => {
    for (const observer of interested) {
      try {
        call(observer);
      } catch (error) {
        onFailure(error);
      }
    }
  };
  const machineAdded = having("machineAdded");
  const started = having("started");
  const ended = having("ended");
  const frameLeaves = having("frameLeaves");
  const answerLeaves = having("answerLeaves");
  const applied = having("applied");
  const restored = having("restored");
  const readServed = having("readServed");
  const softStateChanged = having("softStateChanged");
  const stepped = having("stepped");
  return {
    machineAdded: (memberId, files) =>
      tell(machineAdded, (one) => one.machineAdded?.(memberId, files)),
    started: (process) => tell(started, (one) => one.started?.(process)),
    ended: (process, how) => tell(ended, (one) => one.ended?.(process, how)),
    frameLeaves: (process, to, kind, payload) =>
      tell(frameLeaves, (one) => one.frameLeaves?.(process, to, kind, payload)),
    answerLeaves: (memberId, frame, path) =>
      tell(answerLeaves, (one) => one.answerLeaves?.(memberId, frame, path)),
    applied: (process, entry, applies) =>
      tell(applied, (one) => one.applied?.(process, entry, applies)),
    restored: (process) => tell(restored, (one) => one.restored?.(process)),
    readServed: (process, floorIndex) =>
      tell(readServed, (one) => one.readServed?.(process, floorIndex)),
    softStateChanged: (process) => tell(softStateChanged, (one) => one.softStateChanged?.(process)),
    stepped: (process) => tell(stepped, (one) => one.stepped?.(process)),
  };
}
