/** The keyboard layer of the desk. Every action also works without it. */

import { Bands } from './bands'
import { campaign, decideWhole } from './campaign'
import { noDecision, noReply } from './cannot'
import { boxOf, type Card, campaignOf, idOf, isSettled } from './cards'
import { keys, keysOn, turnKeys } from './keys'
import { Live } from './live'
import { Numbers } from './numbers'
import type { Action, Answer } from './outbox'
import { page } from './page'
import { Queue, readingTime } from './queue'
import { savedViews } from './saved'
import { element } from './toast'
import { comeBackTo, forgetTyped, keepTyped } from './typed'
import { say } from './words'

const actions: Record<string, Action> = { a: 'approve', s: 'spam', u: 'hold' }

function start(): void {
  page()
  const list = document.querySelector<HTMLElement>('.cards')
  const queue = list ? new Queue(list) : undefined
  const bands = queue ? new Bands(queue.cards) : undefined
  const numbers = queue ? new Numbers(queue.cards) : undefined
  if (queue) {
    new Live(queue)
    savedViews()
    forms(queue)
    selection(queue)
    queue.cards.current?.focus({ preventScroll: true })
  }
  if (!queue) waitForReader()
  keyboard(queue, bands, numbers)
  campaign()
  keepTyped()
}

/** Handles the buttons of cards, of the selection and of the toast. */
function forms(queue: Queue): void {
  document.addEventListener('submit', event => {
    const form = event.target as HTMLFormElement
    const button = event.submitter as HTMLButtonElement | null
    if (form.matches('[data-undo]')) {
      event.preventDefault()
      queue.undoLast()
      return
    }
    const card = form.closest<Card>('.card') ?? undefined
    if (card && form.closest('.reply')) {
      event.preventDefault()
      const { now } = card.dataset // its state if another user changed it
      if (now === 'rejected' || now === 'spam') queue.tell(say('cannot.reply'))
      else if (now === 'approved' || queue.mayAct(card, 'reply')) reply(queue, card, form)
      return
    }
    const bulk = form.matches('[data-bulk]')
    if (!bulk && !(card && form.matches('[data-decide]'))) return
    event.preventDefault()
    const cards = bulk ? queue.cards.selected : card ? [card] : []
    for (const open of form.querySelectorAll('details[open]')) open.removeAttribute('open')
    const note = form.querySelector<HTMLInputElement>('input[name=note]')
    if (button?.name === 'reason') queue.decide(cards, 'reject', button.value, note?.value.trim() ?? '', true)
    else if (button) queue.decide(cards, button.value as Action, '', '', true)
    for (const decided of cards) forgetTyped(decided)
    if (bulk && note) note.value = ''
  })
  document.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null
    // The second click of a double click hits the next comment.
    if (event.detail > 1 && target?.closest('[data-decide], [data-bulk]')) event.preventDefault()
    const leave = target?.closest('[data-leave]')?.closest<Card>('.card')
    if (leave) {
      event.preventDefault()
      queue.leave(leave)
    }
    const name = target?.closest('a.name')?.closest<Card>('.card')
    if (name) {
      event.preventDefault()
      queue.cards.go(name)
    }
    if (target?.closest('.more-cards a')) {
      event.preventDefault()
      queue.onward.go()
    }
  })
}

/** Ignores submits on a comment's page with a conflict for readingTime. */
function waitForReader(): void {
  const opened = Date.now()
  document.addEventListener('submit', event => {
    if (document.querySelector('.one > .taken') && Date.now() - opened < readingTime) event.preventDefault()
  })
}

/** Sends a reply. Its text stays in the field until the request succeeds. */
async function reply(queue: Queue, card: Card, form: HTMLFormElement): Promise<void> {
  const data = new FormData(form)
  const button = form.querySelector<HTMLButtonElement>('button')
  if (button) button.disabled = true
  queue.replying.add(idOf(card))
  const url = `/api/v1/sites/${encodeURIComponent(queue.site)}/moderation/comments/${encodeURIComponent(idOf(card))}/reply`
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': String(data.get('key')) },
      body: JSON.stringify({ body: data.get('body'), version: Number(data.get('version')) }),
    })
    const answer = (await response.json()) as Partial<Answer> & { detail?: string }
    if (response.status === 401) {
      comeBackTo(form.querySelector('textarea'))
      queue.signedOut()
      throw new Error(say('signin'))
    }
    if (!response.ok) throw new Error(answer.detail ?? String(response.status))
    forgetTyped(card)
    form.reset()
    form.closest('details')?.removeAttribute('open')
    queue.replied(card, answer.batch ?? null, answer.contradictions ?? [])
  } catch (error) {
    const small = form.querySelector('small')
    if (small) {
      // fetch throws a TypeError on a network failure.
      const detail = error instanceof TypeError ? say('unanswered') : error instanceof Error ? error.message : ''
      small.textContent = say('failed', { detail })
      small.className = 'bad'
    }
  } finally {
    if (button) button.disabled = false
    queue.replying.delete(idOf(card))
    queue.changed(idOf(card)) // by another user in the meantime
  }
}

/** Keeps the number of selected comments up to date. The bar itself works without script. */
function selection(queue: Queue): void {
  queue.cards.list.addEventListener('change', () => count(queue))
  document.querySelector('[data-all]')?.addEventListener('click', () => {
    queue.cards.selectAll()
    if (queue.cards.selected.length === 0) queue.cards.go(queue.cards.current ?? undefined) // the bar is hidden now
  })
}

/** Updates the number of selected comments and the label of the select-all button. */
function count(queue: Queue): void {
  const cards = queue.cards.selected
  const n = cards.length
  const comments = cards.reduce((sum, card) => sum + (campaignOf(card)?.n ?? 1), 0)
  element('selected').textContent = say('selected', { n: comments })
  const label = document.querySelector<HTMLElement>('[data-all] span')
  if (label) label.textContent = (n === queue.cards.all.length ? label.dataset.none : label.dataset.some) ?? ''
}

function keyboard(queue: Queue | undefined, bands: Bands | undefined, numbers: Numbers | undefined): void {
  const reader = keys()
  const box = document.querySelector<HTMLInputElement>('#keys-on')
  turnKeys(keysOn())
  if (box) {
    box.checked = keysOn()
    box.addEventListener('change', () => turnKeys(box.checked))
  }
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector('dialog[open]'))
      return
    const key = reader.read(event)
    const pop = document.querySelector<HTMLDetailsElement>('details[name=pop][open]')
    if (key === 'escape' && pop) {
      pop.open = false
      queue?.cards.go(pop.closest<Card>('.card') ?? undefined)
      return
    }
    if (!key || !keysOn() || typing(event.target)) return
    if (event.repeat && key !== 'j' && key !== 'k') {
      event.preventDefault() // a held key decides once
      return
    }
    if (key === 'b' && queue && bands)
      bands.select((queue.cards.current ?? queue.cards.list).closest<HTMLElement>('.band'))
    else if (/^\d$/.test(key) && numbers && !pop) numbers.select((Number(key) || 10) + (event.shiftKey ? 10 : 0))
    else if (!pressed(queue, key, event.shiftKey, pop)) return
    event.preventDefault()
  })
}

/** Reports whether a text field has the focus. */
function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('textarea, select, input:not([type=checkbox]):not([type=radio])')
}

/** Runs the action of a key. Returns false if the key has none. */
function pressed(queue: Queue | undefined, key: string, shift: boolean, pop: HTMLDetailsElement | null): boolean {
  if (pop?.matches('.refuse') && ((/^[1-8]$/.test(key) && !shift) || (key === 'enter' && !inReasons(pop)))) {
    const at = key === 'enter' ? 8 : Number(key)
    pop.querySelectorAll<HTMLButtonElement>(':scope ol button')[at - 1]?.click()
    return true
  }
  if (key === '/') return focus('#q')
  if (key === '?') {
    document.querySelector<HTMLButtonElement>('[data-help]')?.click()
    return true
  }
  if (queue) return inQueue(queue, key, shift)
  return (shift && decideWhole(actions[key], key === 'd')) || alone(key)
}

function inReasons(pop: HTMLElement): boolean {
  return document.activeElement?.matches('button') === true && pop.contains(document.activeElement)
}

function inQueue(queue: Queue, key: string, shift: boolean): boolean {
  const current = queue.cards.current
  if (key === 'k') {
    queue.cards.go(queue.cards.above(current))
    return true
  }
  if (key === 'j') {
    const next = queue.cards.below(current)
    if (current && isSettled(current)) queue.leave(current)
    else if (next) queue.cards.go(next)
    else queue.onward.go()
    return true
  }
  if (key === 'z') {
    if (shift) queue.showLast()
    else queue.undoLast()
    return true
  }
  if (key === 'n') {
    queue.nextDoubtful()
    return true
  }
  if (shift && (actions[key] || key === 'd')) {
    onSelected(queue, key)
    return true
  }
  if (key === 'x' && shift) {
    queue.cards.selectAll()
    return true
  }
  if (!current) return false
  const tell = (words: string) => queue.tell(words)
  return onCard(current, key, tell, action => queue.decide([current], action))
}

function onSelected(queue: Queue, key: string): void {
  const chosen = queue.cards.selected
  const current = queue.cards.current
  const action = actions[key]
  const whole = current && campaignOf(current) ? current : null
  if (chosen.length === 0 && whole) {
    if (action) queue.decide([whole], action, '', '', true)
    else toggle(whole.querySelector('.refuse'))
  } else if (chosen.length === 0) queue.tell(say('cannot.selected'))
  else if (action) queue.decide(chosen, action, '', '', true)
  else toggle(document.querySelector('#bulk .refuse'))
}

/** Runs the action of a key on a comment. If the action is not available, it calls tell with the reason. */
function onCard(card: Card, key: string, tell: (words: string) => void, decide: (action: Action) => void): boolean {
  const action = actions[key]
  if (action) {
    if (card.querySelector(`button[name=action][value=${action}]`)) decide(action)
    else tell(noDecision(card))
    return true
  }
  const box = boxOf(card)
  switch (key) {
    case 'x':
      if (box) box.click()
      else tell(noDecision(card))
      return true
    case 'd':
      if (!toggle(card.querySelector('.refuse'))) tell(noDecision(card))
      return true
    case 'i':
      return toggle(card.querySelector('.evidence'))
    case 'r':
      if (!toggle(card.querySelector('.reply'))) tell(noReply(card))
      card.querySelector<HTMLTextAreaElement>('.reply[open] textarea')?.focus()
      return true
    case 'e': // edit keys of WordPress
    case 'q':
      tell(say('cannot.edit'))
      return true
    case 'o':
      open(card.dataset.page, '_blank', 'noopener,noreferrer')
      return true
  }
  return false
}

/** Runs the action of a key on a comment's own page, by clicking its buttons. */
function alone(key: string): boolean {
  const card = document.querySelector<Card>('[data-alone]')
  const split = document.querySelector<HTMLButtonElement>('[data-rejoin] button')
  if (split && key === 'z') {
    split.click()
    return true
  }
  if (!card || key === 'x') return false
  if (key === 'z') {
    document.querySelector<HTMLButtonElement>('.line button')?.click()
    return true
  }
  if (key === 'i') {
    element('ev').scrollIntoView()
    return true
  }
  const tell = (words: string) => {
    element('cannot').hidden = false
    element('cannot').textContent = words
  }
  return onCard(card, key, tell, action =>
    card.querySelector<HTMLButtonElement>(`button[name=action][value=${action}]`)?.click(),
  )
}

function toggle(details: Element | null): boolean {
  if (!(details instanceof HTMLDetailsElement)) return false
  details.open = !details.open
  return true
}

function focus(selector: string): boolean {
  const field = document.querySelector<HTMLInputElement>(selector)
  field?.focus()
  field?.select()
  return field !== null
}

start()
