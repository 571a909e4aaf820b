/**
 * Words shared by the main thread and one media thread, beside the message port: a turn of the thread costs no look
 * into the port unless mail was announced here, and the main thread wakes it only while it sleeps.
 */
const STOP = 0;
const MAIL = 1;
const SLEEPING = 2;
const WORDS = 3;

export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  #mailSeen = 0;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * WORDS)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  // The main thread

  /** Asks the thread to end at its next turn. */
  requestStop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** After each message posted; true when the thread sleeps and has to be woken, which is said once. */
  announceMail(): boolean {
    Atomics.add(this.#words, MAIL, 1);
    return Atomics.exchange(this.#words, SLEEPING, 0) === 1;
  }

  /** After messages that can wait: the thread takes them when it wakes by itself, before it looks at a packet. */
  leaveMail(): void {
    Atomics.add(this.#words, MAIL, 1);
  }

  // The media thread

  get stopRequested(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** Whether messages were announced since the last call. */
  takeMail(): boolean {
    const mail = Atomics.load(this.#words, MAIL);
    if (mail === this.#mailSeen) return false;
    this.#mailSeen = mail;
    return true;
  }

  /**
   * Before a wait: from here on the main thread wakes this one. False when something came up meanwhile and there is
   * nothing to wait for.
   */
  fallAsleep(): boolean {
    Atomics.store(this.#words, SLEEPING, 1);
    if (Atomics.load(this.#words, MAIL) === this.#mailSeen && Atomics.load(this.#words, STOP) === 0) return true;
    Atomics.store(this.#words, SLEEPING, 0);
    return false;
  }

  awake(): void {
    Atomics.store(this.#words, SLEEPING, 0);
  }
}
