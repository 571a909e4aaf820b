/**
 * The limits of one Tandem in one place. Every queue and table that a peer can fill has one; what goes beyond is
 * refused or dropped, and counted. Limits that belong to a protocol's text stand beside its code.
 */
export const LIMITS = {
  // Calls
  /** An unanswered callee is given up (contract: the caller gets 480). */
  ringTimeoutMs: 60_000,
  /** Who is refused a call because of the load may try again (RFC 3261 §20.33). */
  overloadRetryAfterS: 10,
  /** Longest answered call. */
  callDurationMaxMs: 3_600_000,

  // Conferences
  /** Conferences with somebody in them. */
  conferencesLiveMax: 10_000,
  /** Calls in one conference. */
  conferenceMembersMax: 4_000,

  // Programs outside that hear and speak
  /** In one call or conference (platform §5.4). */
  externalMediaPerReferenceMax: 5,
  externalMediaLiveMax: 1_000,

  // Recordings
  recordingsLiveMax: 2_000,
  /** Those of both sides in Ogg with Opus, of which each takes two thousandths of a processor while it runs. */
  oggRecordingsLiveMax: 200,
  /** Longest recording of a conference. */
  conferenceRecordingMaxMs: 86_400_000,
  /** A final row that the store could not take is tried again after so long. */
  recordingCommitRetryMs: 5_000,
  /** Final rows that wait for the store; one more is left to the next start, which finds it as cut off by a crash. */
  recordingsUncommittedMax: 10_000,
  /** Ended recordings that are found without the archive. */
  recordingsRememberedMax: 1_000,

  // Sounds
  /** Sources in one list to be played. */
  soundsPerListMax: 100,
  soundUrlCharactersMax: 2_048,
  soundBytesMax: 20 * 1024 * 1024,
  soundTimeoutMs: 10_000,
  soundDownloadsMax: 100,
  /** Downloads that wait for another to end; one more fails. */
  soundDownloadsWaitingMax: 1_000,
  /** A downloaded sound is played for so long before it is asked for again. */
  soundCacheMs: 3_600_000,
  /** Downloaded sounds that are kept; the one that was fetched first makes room. */
  soundsCachedMax: 500,

  // Accounts
  /** Stored flows of one customer (platform §3.1). */
  flowsPerCustomerMax: 10_000,
  /** Changes that wait behind another change of the same thing. */
  waitingChangesMax: 10_000,

  // Media
  /** Streams of one media thread; their tables are allocated at its start. */
  mediaStreamsPerWorkerMax: 4_096,

  // Journal
  /** Events kept for each customer; a cursor that is further behind is told what it missed. */
  journalEventsPerCustomerMax: 10_000,
  /** Events kept for all customers together. */
  journalEventsMax: 50_000,
  /** Events kept for those who read everybody's, which they do at once. */
  journalEventsOverAllMax: 5_000,

  // Store
  /** Writes that are not committed yet; beyond it they fail at once. About 1 kB each. */
  storeQueueWritesMax: 100_000,
  /** Reads that wait for the store thread. */
  storeReadsMax: 1_000,
  /** Writes in one transaction: bounds the time that a failed group takes to be tried again one by one. */
  storeTransactionWritesMax: 4_096,
  /** Writes that nobody waits for rest this long, so that many share a commit; contract: committed within 100 ms. */
  storeLingerMs: 70,
  /** Deaths of the store thread without a commit in between, after which the store gives up. */
  storeThreadDeathsMax: 3,
  /** A database up to this size is checked page by page at the start; the check reads some 500 MB/s. */
  databaseCheckBytesMax: 64 * 1024 * 1024,
  /** Rows of calls removed in one turn when their time is over. */
  purgeRowsMax: 500,
  /** How often calls past `--keep-calls` are looked for. */
  purgeIntervalMs: 3_600_000,

  // Log
  /** Different messages that a summary tells apart. */
  summaryKeysMax: 256,
  /** At most one line per message in this time. */
  summaryIntervalMs: 10_000,
  /** A value in a log line is cut after this many characters. */
  logValueCharactersMax: 2_000,
} as const;
