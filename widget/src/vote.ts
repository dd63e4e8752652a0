/** One's votes: given by one press, taken back by the next; and the way to a report. Loaded with the first of them. */

import { ask, type Comment, Failure } from './client'
import { el } from './dom'
import { fill, number } from './i18n'
import type { Stage } from './stage'
import { vote as inEnglish } from './words/en'

/** What takes a vote back, by comment. It is kept as long as the page is open: nobody's browser is written to. */
const tokens = new Map<string, string>()

interface Voted {
  votes: number
  vote_token: string | null
}

/** Votes for a comment, or takes the vote back. */
export async function press(stage: Stage, c: Comment, vote: HTMLButtonElement) {
  const t = stage.spoken?.vote ?? inEnglish
  if (vote.hasAttribute('aria-busy')) return
  vote.setAttribute('aria-busy', 'true')
  vote.parentElement?.querySelector('[role=alert]')?.remove()
  const token = tokens.get(c.id)
  try {
    const { votes, vote_token } = await ask<Voted>(stage.api(`comments/${c.id}/vote`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(token ? { value: 0, vote_token: token } : { value: 1 }),
    })
    if (vote_token) tokens.set(c.id, vote_token)
    else tokens.delete(c.id)
    c.votes = votes
    const n = number(votes, stage.t)
    vote.setAttribute('aria-pressed', `${vote_token !== null}`)
    vote.setAttribute('aria-label', fill(stage.t.good, { n }))
    vote.textContent = votes ? n : ''
  } catch (cause) {
    const often = cause instanceof Failure && cause.status === 429
    vote.parentElement?.append(el('span', { role: 'alert' }, often ? t.often : t.uncounted))
  } finally {
    vote.removeAttribute('aria-busy')
  }
}

/** Reports a comment. What that takes is loaded here: most readers never do. */
export function report(stage: Stage, c: Comment) {
  stage.use('report', part => part.report(stage, c))
}
