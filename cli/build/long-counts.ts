/** Counts of the long tier, by the variable that tells tests of them; each yields to the environment. */
export const LONG_COUNTS = {
  TANDEM_SEEDS: '10000',
  TANDEM_FUZZ_COUNT: '10000000',
  TANDEM_ROUNDS: '50',
  TANDEM_MUTANTS: '1000',
  TANDEM_CROSSING_LENGTH: '6',
  TANDEM_DRIFT_MINUTES: '600',
  TANDEM_WAYS_OF_MEDIA: 'each',
} as const;
