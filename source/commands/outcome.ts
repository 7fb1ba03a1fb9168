/** How a command ended: its word, or doctor's own exit code. What could not run at all is thrown as a Failure. */
export type Outcome = 'well' | 'found' | 'unjudged' | number;
