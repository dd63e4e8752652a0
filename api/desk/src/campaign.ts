/** The page of a campaign: how many of its members are taken, and keys for all of them. */
import type { Action } from './outbox'
import { say } from './words'

const bar = (): HTMLElement | null => document.querySelector<HTMLElement>('[data-whole]')

/** Says how many are taken whenever a box is ticked. Members on other pages are taken as well. */
export function campaign(): void {
  const list = document.querySelector('.members.alike')
  list?.addEventListener('change', () => {
    const out = list.querySelectorAll('.pick input[type=checkbox]:not(:checked)').length
    const all = Number(bar()?.dataset.whole)
    const taken = bar()?.querySelector('[data-taken]')
    const left = bar()?.querySelector<HTMLElement>('[data-out]')
    if (taken) taken.textContent = say('alike.taken', { n: all - out })
    if (!left) return
    left.textContent = `, ${say('alike.out', { n: out })}`
    left.hidden = out === 0
  })
}

/** Presses a button of the bar; false where there is no such page. */
export function decideWhole(action: Action | undefined, refuse: boolean): boolean {
  const whole = bar()
  if (!whole) return false
  if (action) whole.querySelector<HTMLButtonElement>(`button[name=action][value=${action}]`)?.click()
  const reasons = whole.querySelector<HTMLDetailsElement>('.refuse')
  if (refuse && reasons) reasons.open = !reasons.open
  return action !== undefined || refuse
}
