/** Votes of the reader, and the entry to reports. Loaded on first use. */

import { type Comment, Failure, request } from './client'
import { el } from './dom'
import { fill, number } from './i18n'
import type { Stage } from './stage'
import { vote as english } from './words/en'

/** The tokens that withdraw votes, by comment ID. They are kept in memory, not in browser storage. */
const tokens = new Map<string, string>()

interface Voted {
  votes: number
  vote_token: string | null
}

/** Votes for a comment, or withdraws the vote. */
export async function vote(stage: Stage, c: Comment, button: HTMLButtonElement) {
  const t = stage.words?.vote ?? english
  if (button.hasAttribute('aria-busy')) return
  button.setAttribute('aria-busy', 'true')
  button.parentElement?.querySelector('[role=alert]')?.remove()
  const token = tokens.get(c.id)
  try {
    const { votes, vote_token } = await request<Voted>(stage.api(`comments/${c.id}/vote`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(token ? { value: 0, vote_token: token } : { value: 1 }),
    })
    if (vote_token) tokens.set(c.id, vote_token)
    else tokens.delete(c.id)
    c.votes = votes
    const n = number(votes, stage.t)
    button.setAttribute('aria-pressed', `${vote_token !== null}`)
    button.setAttribute('aria-label', fill(stage.t.good, { n }))
    button.textContent = votes ? n : ''
  } catch (cause) {
    const often = cause instanceof Failure && cause.status === 429
    button.parentElement?.append(el('span', { role: 'alert' }, often ? t.often : t.uncounted))
  } finally {
    button.removeAttribute('aria-busy')
  }
}

/** Reports a comment. Loads the report part, which most readers do not need. */
export function report(stage: Stage, c: Comment) {
  stage.use('report', part => part.report(stage, c))
}
