/** Has the reader told by mail what becomes of a comment. Loaded once one was posted with an e-mail address. */

import { ask } from './client'
import { el } from './dom'
import type { Stage } from './stage'
import { told as inEnglish } from './words/en'

/** A box to tick, for the comment that was just posted. */
export function told(stage: Stage, status: HTMLElement, id: string, token: string) {
  const t = stage.spoken?.told ?? inEnglish
  const box = el('input', { type: 'checkbox', name: 'told' })
  const says = el('p', { class: 'u', role: 'status' })
  box.addEventListener('change', async () => {
    if (box.ariaBusy) {
      box.checked = !box.checked
      return
    }
    box.ariaBusy = 'true'
    try {
      const { on, confirmed } = await ask<{ on: boolean; confirmed: boolean }>(
        stage.api(`comments/${id}/notify?lang=${stage.t.lang}`),
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
          body: JSON.stringify({ on: box.checked }),
        },
      )
      says.textContent = !on ? t.off : confirmed ? t.on : t.confirm
    } catch {
      box.checked = !box.checked
      says.textContent = t.failed
    } finally {
      box.ariaBusy = null
    }
  })
  status.append(el('label', { class: 'tick' }, box, t.ask), says) // last: nothing moves that is about to be pressed
}
