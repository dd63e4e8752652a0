/** The parts that are loaded on demand, by name. Types only. S is the Stage, which refers to this table. */

import type { Comment, Listing } from './client'
import type { Identity, Person } from './storage'
import type { Writer } from './writer'

export interface Parts<S> {
  around: {
    show(stage: S, id: string | null): void
    drawn(stage: S, id: string, part: boolean, mine: boolean): void
  }
  counts: { fill(base: string, site: string | undefined, here: () => string): void }
  form: { attach(stage: S): Writer }
  live: { follow(stage: S): void }
  mirror: { load(stage: S, first: number, slice: { around?: string }, own: Promise<Listing>): Promise<Listing> }
  more: { offer(stage: S): void }
  prove: { start(stage: S, place: HTMLElement, person: Person, done: (who: Identity) => void): void }
  rare: { drawn(stage: S, home?: string): void }
  report: {
    report(stage: S, c: Comment): void
    appeal(stage: S, id: string, token: string, opener: HTMLElement, done: () => void): void
  }
  told: { show(stage: S, status: HTMLElement, id: string, token: string): void }
  vote: {
    vote(stage: S, c: Comment, button: HTMLButtonElement): Promise<void>
    report(stage: S, c: Comment): void
  }
  who: {
    show(stage: S, form: HTMLFormElement, who: Identity | null, leave: () => void): void
    login(stage: S, sso: string): Promise<Identity | null>
  }
  why: {
    hint(stage: S, box: HTMLElement): void
    explain(stage: S, box: HTMLElement, code: string): Promise<void>
  }
}
