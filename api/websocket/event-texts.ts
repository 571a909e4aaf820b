import type { JournalEvent } from '../../core/journal.ts';
import { rfc3339 } from '../../core/kernel/time.ts';
import { presentEvent } from '../presentation/event.ts';
import { topicsOf } from './topic.ts';

/** An event as its readers get it. */
export interface EventText {
  readonly topics: readonly string[];
  /** Frame of `tandem.events.v1`. */
  readonly numbered: string;
  /** Frame of the reference: the bare resource; undefined for what the reference keeps to itself. */
  readonly bare: string | undefined;
}

/** Events remembered as text, so that what many clients read is written once. */
const REMEMBERED = 256;

/** Texts of events. What is not to be told has no data, yet a number: readers of a whole customer see no hole. */
export class EventTexts {
  readonly #slots: ({ readonly event: JournalEvent; readonly text: EventText } | undefined)[] = new Array(REMEMBERED);

  of(event: JournalEvent): EventText {
    const slot = event.sequence % REMEMBERED;
    const known = this.#slots[slot];
    if (known?.event === event) return known.text;
    const text = textOf(event);
    this.#slots[slot] = { event, text };
    return text;
  }
}

function textOf({ body, number, at, customerId }: JournalEvent): EventText {
  const presented = presentEvent(body);
  const data = presented?.data ?? {};
  return {
    topics: topicsOf(customerId, body.type, data),
    numbered: JSON.stringify({ type: 'event', number, event: body.type, time: rfc3339(at), data }),
    bare: presented?.audience === 'reference' ? JSON.stringify(data) : undefined,
  };
}
