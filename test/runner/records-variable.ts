/** Name of the variable that tells a test process which file its records go to. */
export const recordsVariable = "QUORATE_TEST_RECORDS";
