import type { MediaEvent, StreamLinkOrder } from '../core/ports.ts';
import type { ToFiles, ToWorker } from './protocol.ts';

/** What the plane asks of its surroundings: tell the core, or pass a message on. */
export type PlaneOutput =
  | MediaEvent
  | { readonly kind: 'post'; readonly worker: number; readonly message: ToWorker }
  | { readonly kind: 'postFiles'; readonly message: ToFiles }
  | { readonly kind: 'link'; readonly order: StreamLinkOrder };
