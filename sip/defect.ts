import type { HeaderName } from './message.ts';

/** What is wrong with a message, as a value: parsing reports, its owner answers or counts. */
export interface Defect {
  /** Stable, e.g. `malformed-via`. */
  readonly code: string;
  /** '' for the start line and the framing. */
  readonly header: HeaderName | '';
  /** The message must not be processed. */
  readonly fatal: boolean;
  /** What a UAS answers; 0 to drop silently (responses, ACK, what is not SIP). */
  readonly status: number;
  readonly detail: string;
}

/** More defects than this in one message are not told apart. */
const MAX_DEFECTS = 16;

/** Detail texts show at most this much of what came. */
const DETAIL_CHARACTERS = 60;

/** Collects what is wrong with one message. */
export class DefectList {
  readonly found: Defect[] = [];
  #silent = false;

  /** The message is one that is never answered, or nobody knows where to. */
  silence(): void {
    this.#silent = true;
    for (const [index, defect] of this.found.entries()) this.found[index] = { ...defect, status: 0 };
  }

  fatal(code: string, header: HeaderName | '', status: number, detail: string): void {
    this.#add({ code, header, fatal: true, status: this.#silent ? 0 : status, detail: excerpt(detail) });
  }

  /** The header is read as if it were absent; a strict element may answer 400. */
  minor(code: string, header: HeaderName | '', detail: string): void {
    this.#add({ code, header, fatal: false, status: this.#silent ? 0 : 400, detail: excerpt(detail) });
  }

  /** A fatal defect is never lost behind minor ones. */
  #add(defect: Defect): void {
    if (this.found.length < MAX_DEFECTS) this.found.push(defect);
    else if (defect.fatal && !this.found.some((known) => known.fatal)) this.found[MAX_DEFECTS - 1] = defect;
  }
}

function excerpt(text: string): string {
  return text.slice(0, DETAIL_CHARACTERS);
}
