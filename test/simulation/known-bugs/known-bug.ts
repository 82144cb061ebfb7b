/** What keeps a known bug out. */
export type Guard =
  | {
      readonly kind: "test";
      /** From the root of the repository; also a table of cases or commented data. */
      readonly file: string;
      /** A part of the title of a test that runs, word for word. */
      readonly title: string;
    }
  | {
      /** A named schedule of the simulator, which counts that it was reached. */
      readonly kind: "schedule";
      readonly name: string;
    }
  | {
      /** The bug itself, planted: the simulator must find it. */
      readonly kind: "mutant";
      readonly name: string;
    }
  | {
      /** The feature that could have the bug does not exist. */
      readonly kind: "does-not-apply";
      /** What is not there, and what has to come with it. */
      readonly why: string;
    };

/** A bug that others have had. */
export interface KnownBug {
  /** Of the list of known bugs: `C1` to `C57`. */
  readonly row: string;
  readonly title: string;
  readonly guards: readonly Guard[];
}

/** Guarded by a test. @param title - A part of its title, word for word. */
export function byTest(file: string, title: string): Guard {
  return { kind: "test", file, title };
}

/** Guarded by a schedule of whole members. */
export function bySchedule(name: string): Guard {
  return { kind: "schedule", name };
}

/** Planted, so that it is known that the simulator finds it. */
export function byMutant(name: string): Guard {
  return { kind: "mutant", name };
}

/** Cannot happen here. @param why - What is not there, and what has to come with it. */
export function notHere(why: string): Guard {
  return { kind: "does-not-apply", why };
}
