import { type Frame, SocketClient } from './socket-client.ts';

/** A client of events, numbered by default. */
export class EventClient extends SocketClient {
  /** `origin` is `ws://127.0.0.1:8080`; the credential is a token or an access key. */
  static open(
    origin: string,
    credential: string,
    protocol: 'tandem.events.v1' | '' = 'tandem.events.v1',
  ): Promise<EventClient> {
    const headers = { authorization: `Bearer ${credential}` };
    return EventClient.connect(`${origin}/v1.0/ws`, protocol === '' ? [] : [protocol], headers);
  }

  /** Subscribes and returns what was answered: `subscribed` or `refused`. */
  async subscribe(topics: readonly string[], after?: number): Promise<Frame> {
    this.send({ type: 'subscribe', topics, ...(after === undefined ? {} : { after }) });
    return await this.nextWhere(({ type }) => type !== 'event' && type !== 'lagged');
  }

  /** The next event of this type, others are skipped. */
  nextEvent(type: string): Promise<Frame> {
    return this.nextWhere((frame) => frame.type === 'event' && frame.event === type);
  }
}
