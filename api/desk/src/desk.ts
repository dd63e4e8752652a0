/** The keyboard layer of the desk. Every action also works without it. */

import { Bands } from './bands'
import { campaign, decideWhole } from './campaign'
import { noDecision, noReply } from './cannot'
import { boxOf, type Card, campaignOf, can, countOf, idOf, isSettled, siteOf } from './cards'
import { commandBar } from './command'
import { Filter } from './filter'
import { Focus } from './focus'
import { markHits } from './hits'
import { keys, keysOn, turnKeys } from './keys'
import { Live } from './live'
import type { Action, Answer } from './outbox'
import { page } from './page'
import { cardOf } from './pane'
import { Queue, readingTime } from './queue'
import { Stint } from './stint'
import { Sweep } from './sweep'
import { element } from './toast'
import { comeBackTo, forgetTyped, keepTyped } from './typed'
import { say } from './words'
import { openWriter, writerForms } from './writer'

const actions: Record<string, Action> = { a: 'approve', s: 'spam', u: 'hold' }

function start(): void {
  page()
  const list = document.querySelector<HTMLElement>('.cards')
  const queue = list ? new Queue(list) : undefined
  const bands = queue ? new Bands(queue.cards) : undefined
  if (queue) {
    modes = { focus: new Focus(queue), sweep: new Sweep(queue), filter: new Filter(queue.cards) }
    markHits(queue.cards)
    new Stint(queue.cards.list)
    writerForms(() => queue.cards.current)
    keepPlace(queue)
  }
  if (document.querySelector('#command')) commandBar(() => (queue ? ownCommands(queue) : []))
  if (queue) {
    new Live(queue)
    forms(queue)
    selection(queue)
    queue.cards.current?.focus({ preventScroll: true })
  }
  if (!queue) waitForReader()
  keyboard(queue, bands)
  campaign()
  keepTyped()
}

/** What the queue can show instead of the whole list. */
let modes: { focus: Focus; sweep: Sweep; filter: Filter } | undefined

/** Opens a mode in place of the others. Without a mode it shows the list. */
function openMode(mode?: 'focus' | 'sweep' | 'filter'): void {
  if (!modes) return
  const { focus, sweep, filter } = modes
  if (mode !== 'focus' && focus.on) focus.set(false)
  if (mode !== 'sweep' && sweep.on) sweep.leave()
  if (mode !== 'filter' && filter.on) filter.close()
  if (mode === 'focus') focus.set(true)
  if (mode === 'sweep') sweep.open()
  if (mode === 'filter') filter.open()
}

/** Keeps the current comment in the address, so that a reload and the Back button return to it. */
function keepPlace(queue: Queue): void {
  let timer = 0
  queue.cards.list.addEventListener('current', () => {
    clearTimeout(timer)
    timer = window.setTimeout(() => {
      const url = new URL(location.href)
      const { current } = queue.cards
      if (current) url.searchParams.set('at', idOf(current))
      else url.searchParams.delete('at')
      history.replaceState(null, '', url)
    }, 300) // browsers limit how often the address may change
  })
}

/** Returns the commands of the queue for the command bar. */
function ownCommands(queue: Queue): { label: string; run: () => void }[] {
  return [
    { label: say('command.focus'), run: () => openMode('focus') },
    { label: say('command.sweep'), run: () => openMode('sweep') },
    { label: say('command.filter'), run: () => openMode('filter') },
    { label: say('command.writer'), run: () => queue.cards.current && openWriter(queue.cards.current) },
  ]
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
    const card = cardOf(form)
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
    if (!bulk) forgetTyped(element('deal'))
    if (note) note.value = ''
  })
  document.addEventListener('click', event => {
    const target = event.target instanceof Element ? event.target : null
    // The second click of a double click hits the next comment or undo.
    if (event.detail > 1 && target?.closest('[data-decide], [data-bulk], [data-undo]')) event.preventDefault()
    const leave = cardOf(target?.closest('[data-leave]'))
    if (leave) {
      event.preventDefault()
      queue.leave(leave)
    }
    const row = target?.closest<Card>('.card')
    if (row && !event.ctrlKey && !event.metaKey && !event.shiftKey && !target?.closest('.pick')) {
      event.preventDefault()
      queue.cards.go(row, false)
    }
    const key = target?.closest<HTMLElement>('[data-key]')?.dataset.key
    if (key) pressButton(queue, key)
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
    if (document.querySelector('.one .taken') && Date.now() - opened < readingTime) event.preventDefault()
  })
}

/** Sends a reply. Its text stays in the field until the request succeeds. */
async function reply(queue: Queue, card: Card, form: HTMLFormElement): Promise<void> {
  const data = new FormData(form)
  const button = form.querySelector<HTMLButtonElement>('button')
  if (button) button.disabled = true
  queue.replying.add(idOf(card))
  const url = `/api/v1/sites/${encodeURIComponent(siteOf(card))}/moderation/comments/${encodeURIComponent(idOf(card))}/reply`
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
    forgetTyped(element('deal'))
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
  const comments = cards.reduce((sum, card) => sum + countOf(card), 0)
  document.body.classList.toggle('selecting', n > 0)
  element('selected').textContent = say('selected', { n: comments })
  const label = element('bulk').querySelector<HTMLElement>('[data-all] span')
  if (label) label.textContent = (n > 0 && n === queue.cards.all.length ? label.dataset.none : label.dataset.some) ?? ''
}

function keyboard(queue: Queue | undefined, bands: Bands | undefined): void {
  const reader = keys()
  // Looked up once, because a document search visits all rows, and no row contains a dialog or a popup.
  const dialogs = [...document.querySelectorAll('dialog')]
  const pops = [...document.querySelectorAll<HTMLDetailsElement>('details[name=pop]')]
  const box = document.querySelector<HTMLInputElement>('#keys-on')
  turnKeys(keysOn())
  if (box) {
    box.checked = keysOn()
    box.addEventListener('change', () => turnKeys(box.checked))
  }
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialogs.some(dialog => dialog.open))
      return
    const key = reader.read(event)
    const pop = pops.find(details => details.open) ?? null
    if (key === 'escape' && pop) {
      pop.open = false
      queue?.cards.go(queue.cards.current ?? undefined, false)
      return
    }
    if (key === 'escape' && modes?.focus.on) {
      modes.focus.set(false)
      return
    }
    if (key === 'escape' && modes?.filter.on) {
      modes.filter.close()
      return
    }
    if (!key || !keysOn() || typing(event.target)) return
    if (modes?.filter.on) return // rows may be hidden
    if (modes?.focus.on && listOnly(key, event.shiftKey)) {
      event.preventDefault()
      return
    }
    if (modes?.sweep.on) {
      if (!event.repeat && modes.sweep.press(key)) event.preventDefault()
      return
    }
    if (event.repeat && key !== 'j' && key !== 'k') {
      event.preventDefault() // a held key decides once
      return
    }
    if (key === 'b' && queue && bands)
      bands.select((queue.cards.current ?? queue.cards.list).closest<HTMLElement>('.band'))
    else if (!pressed(queue, key, event.shiftKey, pop)) return
    event.preventDefault()
  })
}

/** Reports whether a key acts on rows other than the current one. In focus mode they are hidden. */
function listOnly(key: string, shift: boolean): boolean {
  return key === 'x' || key === 'b' || (shift && (actions[key] !== undefined || key === 'd'))
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
  if (key === '/') {
    openMode()
    return focus('#q')
  }
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

/** Runs a button that stands for a key. */
function pressButton(queue: Queue, key: string): void {
  if (key === 'enter') openMode('focus')
  else inQueue(queue, key, false)
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
  if (key === 'w' || key === 'f') {
    openMode(key === 'f' ? 'filter' : 'sweep')
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
  return current !== null && onCurrent(queue, current, key)
}

/** Runs the action of a key on the current card. If it is not available, the toast says why. */
function onCurrent(queue: Queue, card: Card, key: string): boolean {
  const deal = element('deal')
  const action = actions[key]
  if (action) {
    if (can(card, action)) queue.decide([card], action, '', '', true)
    else queue.tell(noDecision(card))
    return true
  }
  switch (key) {
    case 'x':
      if (boxOf(card)) boxOf(card)?.click()
      else queue.tell(noDecision(card))
      return true
    case 'd':
      if (can(card, 'reject')) toggle(deal.querySelector('.refuse'))
      else queue.tell(noDecision(card))
      return true
    case 'r':
      if (!can(card, 'reply')) queue.tell(noReply(card))
      else if (toggle(deal.querySelector('.reply'))) {
        queue.pane.sheet(true)
        deal.querySelector<HTMLTextAreaElement>('.reply[open] textarea')?.focus()
      }
      return true
    case 'i':
      return queue.pane.evidence()
    case 'p':
      openWriter(card)
      return true
    case 'enter':
      if (document.activeElement?.matches('button, a, summary')) return false
      openMode(modes?.focus.on ? undefined : 'focus')
      return true
    case 'e': // edit keys of WordPress
    case 'q':
      queue.tell(say('cannot.edit'))
      return true
    case 'o':
      open(card.dataset.page, '_blank', 'noopener,noreferrer')
      return true
  }
  return false
}

function onSelected(queue: Queue, key: string): void {
  const chosen = queue.cards.selected
  const current = queue.cards.current
  const action = actions[key]
  const whole = current && campaignOf(current) ? current : null
  if (chosen.length === 0 && whole) {
    if (action) queue.decide([whole], action, '', '', true)
    else toggle(element('deal').querySelector('.refuse'))
  } else if (chosen.length === 0) queue.tell(say('cannot.selected'))
  else if (action) queue.decide(chosen, action, '', '', true)
  else toggle(document.querySelector('#bulk .refuse'))
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
    document.querySelector<HTMLButtonElement>('[data-undo-one] button, .line button')?.click()
    return true
  }
  if (key === 'j') {
    document.querySelector<HTMLAnchorElement>('[data-next]')?.click()
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
  const action = actions[key]
  const button = action && card.querySelector<HTMLButtonElement>(`button[name=action][value=${action}]`)
  if (button) button.click()
  else if (action || (key === 'd' && !toggle(card.querySelector('.refuse')))) tell(noDecision(card))
  else if (key === 'r') {
    if (!toggle(card.querySelector('.reply'))) tell(noReply(card))
    card.querySelector<HTMLTextAreaElement>('.reply[open] textarea')?.focus()
  } else if (key === 'e' || key === 'q') tell(say('cannot.edit'))
  else if (key === 'o') open(card.dataset.page, '_blank', 'noopener,noreferrer')
  else return key === 'd'
  return true
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
