import type { ConferenceId } from '../../core/kernel/ids.ts';
import type { Instant } from '../../core/kernel/time.ts';
import { memberTermsOf } from '../member-option.ts';
import { idOf, type Option, textOf } from '../option.ts';
import { wishFrom } from '../stream-terms.ts';
import { type Begin, NEXT, type Verdict } from '../verdict.ts';

/** A program that has not answered by then is not waited for. */
const START_MAX_MS = 6_000;

/** Into the call, or into a conference by itself. Goes on once the program is connected, and without it when it cannot be. */
export const externalMediaStart: Begin = (stage, option, now) => {
  const direction = textOf(option, 'direction');
  const wish = wishFrom({
    externalHost: textOf(option, 'external_host'),
    encapsulation: textOf(option, 'encapsulation'),
    transport: textOf(option, 'transport'),
    transportData: textOf(option, 'transport_data'),
    connectionType: textOf(option, 'connection_type'),
    format: textOf(option, 'format'),
    listen: directionOf(option, 'direction_listen', direction),
    speak: directionOf(option, 'direction_speak', direction),
    data: textOf(option, 'data'),
  });
  if ('field' in wish) return { kind: 'failed', detail: `${wish.field}: expected ${wish.expected}` };
  const token = stage.token();
  const conferenceId = idOf<ConferenceId>(option, 'conference_id');
  const conference = conferenceId === null ? undefined : { id: conferenceId, terms: memberTermsOf(option) };
  stage.demand({ kind: 'startExternalMedia', token, wish, conference });
  return started(token, now);
};

/** Who is not there is not missed. */
export const externalMediaStop: Begin = (stage) => {
  stage.demand({ kind: 'stopExternalMedia' });
  return NEXT;
};

function directionOf(option: Option, name: string, otherwise: string): string {
  return Object.hasOwn(option, name) ? textOf(option, name) : otherwise;
}

function started(token: number, now: Instant): Verdict {
  return {
    kind: 'wait',
    waiting: {
      until: now + START_MAX_MS,
      hear(news) {
        if (news.kind === 'externalMediaStarted' && news.token === token) {
          const { id, localAddress, localPort } = news.external;
          const stay = news.stay === undefined ? {} : { conferencecall_id: news.stay };
          return {
            kind: 'next',
            result: { external_media_id: id, local_ip: localAddress, local_port: localPort, ...stay },
          };
        }
        const isOver = news.kind === 'externalMediaEnded' && news.token === token;
        const isRefused =
          news.kind === 'refused' && news.demand.kind === 'startExternalMedia' && news.demand.token === token;
        return isOver || isRefused ? { kind: 'failed', detail: news.detail } : undefined;
      },
      expire: () => NEXT,
    },
  };
}
