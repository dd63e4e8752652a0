/** Decisions in the queue: applied to the page at once, then sent to the service. */
import {
  boxOf,
  type Card,
  Cards,
  campaignOf,
  type FoldedCampaign,
  fetchPage,
  happenedTo,
  idOf,
  isChanged,
  isHeld,
  isSettled,
  lineOf,
  setVersion,
  versionOf,
} from './cards'
import { Onward } from './onward'
import {
  type Action,
  type Answer,
  type Conflict,
  type Contradiction,
  type Decide,
  type Listener,
  named,
  newKey,
  Outbox,
  type Step,
} from './outbox'
import { element, Toast } from './toast'
import { say } from './words'

/**
 * An undoable action, newest last. Actions of this tab have a key; actions from before the page was loaded have only a
 * batch. Name is the commenter's if the action is about one comment.
 */
type Done = { key: string; batch: string; ids: string[]; action: Action | 'reply' | 'before'; name: string; n?: number }

/** The next page is prefetched when this number of cards or fewer are left. */
const ahead = 20

/** Milliseconds before a second press may overrule another user's change, so that there is time to read it. */
export const readingTime = 1000

const states: Record<Action, string> = { approve: 'approved', reject: 'rejected', spam: 'spam', hold: 'pending' }

export class Queue implements Listener {
  readonly cards: Cards
  readonly site: string
  readonly #toast = new Toast()
  readonly #outbox: Outbox
  readonly #done: Done[] = []
  readonly onward: Onward
  /** IDs of the comments to which a reply is being sent. */
  readonly replying = new Set<string>()
  /** The key of the decision that the toast reports. */
  #toastKey = ''
  /** The action that the toast offers to undo. */
  #offeredUndo: Done | undefined
  /** The last press on each changed card, and its time. */
  readonly #pressed = new WeakMap<Card, { what: string; at: number }>()

  constructor(list: HTMLElement) {
    this.cards = new Cards(list)
    this.site = document.body.dataset.site ?? ''
    for (const batch of (element('batches').dataset.batches ?? '').split(' ').reverse()) {
      if (batch) this.#done.push({ key: '', batch, ids: [], action: 'before', name: '' })
    }
    this.#offeredUndo = this.#done.find(d => d.batch === this.#toast.batch)
    this.onward = new Onward(this.cards, {
      busy: () => this.#outbox.steps.length > 0,
      about: id => this.#outbox.steps.some(step => named(step).includes(id)),
    })
    list.addEventListener('current', () => this.#prefetch())
    this.#outbox = new Outbox(document.body.dataset.account ?? '', this.site, this)
    for (const step of this.#outbox.steps) if (step.kind === 'decide') this.#refoldUnsaved(step)
    this.#outbox.send()
  }

  /** Decides cards. Reason and note belong to a refusal. With whole, a campaign's card decides the whole campaign. */
  decide(chosen: Card[], action: Action, reason = '', note = '', whole = false): void {
    if (reason === 'spam') action = 'spam'
    const cards = chosen.filter(card => this.#accepts(card, action, whole))
    const together = whole ? cards.filter(campaignOf) : []
    const agreed = cards.filter(card => agrees(card, action) && !together.includes(card))
    for (const card of together) this.#decide([card], action, reason, note, campaignOf(card))
    this.#decide(
      cards.filter(card => !together.includes(card) && !agreed.includes(card)),
      action,
      reason,
      note,
    )
    for (const card of agreed) this.leave(card)
    const left = chosen.filter(card => !cards.includes(card))
    if (left.length > 0) this.#explainSkipped(left, action, cards.length > 0)
  }

  /** Reports whether a press acts on a card. If not, it shows what happened to the card. */
  mayAct(card: Card, what: string): boolean {
    const counts = this.#accepts(card, what)
    if (!counts) this.#explainSkipped([card], what, false)
    return counts
  }

  /**
   * Reports whether a press acts on a card. On a card that another user changed, the first press only shows the change.
   * The same press decides after readingTime.
   */
  #accepts(card: Card, what: string, whole = false): boolean {
    if (!isChanged(card)) return true
    const last = this.#pressed.get(card)
    const at = Date.now()
    this.#pressed.set(card, { what, at })
    const decides = card.dataset.now !== 'removed' || (whole && campaignOf(card) !== undefined)
    if (!decides || last?.what !== what || at - last.at < readingTime) return false
    this.#pressed.delete(card)
    return true
  }

  /** Shows what happened to skipped cards, and what a second press does. */
  #explainSkipped(left: Card[], what: string, more: boolean): void {
    for (const card of left) {
      const again = card.querySelector<HTMLElement>('[data-again]')
      if (again) again.hidden = agrees(card, what)
      const box = boxOf(card)
      if (card.dataset.now === 'removed' && box) box.checked = false
    }
    this.cards.list.dispatchEvent(new Event('change'))
    const again = left.map(card => card.querySelector<HTMLElement>('[data-again]')).find(hint => hint && !hint.hidden)
    const first = happenedTo(left[0] as Card)
    const words = more || left.length > 1 ? say('left', { n: left.length, what: first }) : first
    const text = words + (again?.textContent ?? '')
    if (more) this.#toast.add(text)
    else this.tell(text)
  }

  #decide(cards: Card[], action: Action, reason: string, note: string, all?: FoldedCampaign): void {
    if (cards.length === 0) return
    if (action === 'reject' && reason === '') reason = 'other'
    const key = newKey()
    const step: Decide = {
      kind: 'decide',
      key,
      action,
      reason,
      note,
      comments: cards.map(c => ({ id: idOf(c), version: versionOf(c) })),
    }
    if (all) step.campaign = { id: all.id, upto: all.upto }
    const n = all?.n ?? cards.length
    const done = { key, batch: '', ids: cards.map(idOf), action, name: cards[0] && !all ? nameOf(cards[0]) : '', n }
    this.#done.push(done)
    this.#foldAll(cards, () => folded(action, reason), done)
    this.#adjustCounts(n, states[action])
    this.#showToast(say(`toast.${action}`, { n, reason: say(`reason.low.${reason}`) }), done)
    this.#toast.plain()
    this.#toastKey = key
    this.#outbox.add(step)
    this.#advance()
  }

  /** Prefetches the next page near the end of the list. */
  #prefetch(): void {
    const all = this.cards.all
    const current = this.cards.current
    if (current && all.length - all.indexOf(current) <= ahead) this.onward.ahead()
  }

  /** If all cards are decided, it folds those that other users decided and loads the next page. */
  #advance(): void {
    if (this.cards.open.length > 0) return
    for (const card of this.cards.all) this.cards.fold(card, this.#row(card, happenedTo(card)))
    this.onward.go()
  }

  /** Shows text in the toast with an undo button for done, if given. */
  #showToast(text: string, done?: Done): void {
    this.#toastKey = ''
    this.#offeredUndo = done
    this.#toast.say(text, done ? undoOf(done) : '')
  }

  /** Folds cards and makes the next one current, at the same place on the screen. */
  #foldAll(cards: Card[], words: () => string, done?: Done): void {
    const current = this.cards.current
    const leaving = current !== null && cards.includes(current)
    const top = leaving ? current.getBoundingClientRect().top : 0
    const next = leaving ? this.cards.after(current, cards) : (current ?? undefined)
    const fold = () => {
      for (const card of cards) this.cards.fold(card, this.#row(card, words(), done))
    }
    if (!leaving) {
      this.cards.steady(fold)
      return
    }
    const before = next?.getBoundingClientRect().top
    fold()
    if (!next) return
    const after = next.getBoundingClientRect().top
    if (top > 0 && before !== after) scrollBy(0, after - top) // keep the place on the screen
    this.cards.go(next)
  }

  #row(card: Card, words: string, done?: Done): HTMLElement {
    const template = element('folded') as HTMLTemplateElement
    const row = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement
    const name = nameOf(card)
    const text = Array.from(lineOf(card)).slice(0, 200).join('')
    ;(row.querySelector('b') as HTMLElement).textContent = words
    ;(row.querySelector('q') as HTMLElement).textContent = say('line', { name, text })
    const button = row.querySelector('button') as HTMLButtonElement
    button.hidden = done === undefined
    if (done) {
      button.ariaLabel = undoOf(done)
      button.addEventListener('click', () => this.undo(done))
    }
    return row
  }

  /** Folds cards that a reload showed again because their decision is not saved yet. */
  #refoldUnsaved(step: Decide): void {
    const cards = step.comments.map(c => this.cards.find(c.id)).filter(c => c !== undefined)
    const name = cards[0] ? nameOf(cards[0]) : ''
    const done = { key: step.key, batch: '', ids: step.comments.map(c => c.id), action: step.action, name }
    this.#done.push(done)
    this.#foldAll(cards, () => folded(step.action, step.reason), done)
  }

  /** Undoes the action that the toast offers. If it offers none, it shows the last action first. */
  undoLast(): void {
    if (this.#offeredUndo) this.undo(this.#offeredUndo)
    else this.showLast()
  }

  /** Shows the action that an undo would revert. */
  showLast(): void {
    const last = this.#offeredUndo ?? this.#done.at(-1)
    if (!last) {
      this.tell(say('nothing'))
      return
    }
    this.#offeredUndo = last
    this.#toastKey = ''
    this.#toast.say(say('again'), undoOf(last), undoOf(last))
  }

  /** Goes to the next uncertain comment, and wraps around at the end. */
  nextDoubtful(): void {
    const all = this.cards.all
    const at = this.cards.current ? all.indexOf(this.cards.current) : -1
    const doubtful = [...all.slice(at + 1), ...all.slice(0, Math.max(0, at))].filter(
      card => 'doubt' in card.dataset && !isSettled(card),
    )
    const next = doubtful.find(card => !isHeld(card)) ?? doubtful[0]
    if (next) this.cards.go(next)
    else this.tell(say('doubt.none'))
  }

  /** Undoes one of the user's batches. */
  undo(done: Done): void {
    const at = this.#done.indexOf(done)
    if (at < 0) return
    this.#done.splice(at, 1)
    let first: Card | undefined
    this.cards.steady(() => {
      for (const id of done.ids) {
        const card = this.cards.unfold(id)
        // The decision and its undo each increment the version.
        if (card && done.key) setVersion(card, versionOf(card) + 2)
        first ??= card
      }
    })
    const n = done.n ?? done.ids.length
    if (done.action in states) this.#adjustCounts(-n, states[done.action as Action])
    this.cards.go(first)
    this.#showToast(say('undone', { n: Math.max(1, n) }), this.#done.at(-1))
    this.#outbox.add({ kind: 'undo', key: newKey(), of: done.key, batch: done.batch, ids: done.ids })
  }

  /** Shows a message about something that changed nothing, without an undo button. */
  tell(words: string): void {
    this.#showToast(words)
  }

  /** Records a sent reply. If it approved its parent, it can be undone like a decision. */
  replied(card: Card, batch: string | null, against: Contradiction[]): void {
    if (!batch) {
      this.tell(say('toast.reply'))
      return
    }
    const done: Done = { key: newKey(), batch, ids: [idOf(card)], action: 'reply', name: nameOf(card) }
    this.#done.push(done)
    this.#foldAll([card], () => say('folded.reply'), done)
    this.#showToast(say('toast.reply'), done)
    this.#showContradictions(against, true)
    this.#advance()
  }

  // Results of steps, as Listener.

  done(step: Step, answer: Answer): void {
    if (step.kind === 'undo') {
      // Comments that were decided before this page opened are not folded here, so reload the list.
      const elsewhere = step.of === '' || step.ids.some(id => !this.cards.has(id))
      if ((answer.undone ?? 0) > 0 && elsewhere) this.refresh()
      this.#conflicts(answer.conflicts, '')
      return
    }
    const at = this.#done.findIndex(d => d.key === step.key)
    const done = this.#done[at]
    if (done) {
      done.batch = answer.batch ?? ''
      if (!answer.batch) {
        this.#done.splice(at, 1)
        if (done === this.#offeredUndo && answer.conflicts.length === 0) this.tell(say('cannot.already'))
      }
    }
    if (step.campaign) this.#campaignDecided(step, answer, done)
    if (!answer.batch) for (const { id } of step.comments) this.#hideUndo(id)
    const said = step.key === this.#toastKey
    if (step.action === 'approve' && (answer.decided ?? 0) > 0 && said) this.#toast.countPublic()
    this.#showContradictions(answer.contradictions ?? [], said)
    this.#adjustCounts(-answer.conflicts.length, states[step.action])
    this.#conflicts(answer.conflicts, step.action)
  }

  /** Counts the decided members of a campaign, and sends another request if members remain. */
  #campaignDecided(step: Decide, answer: Answer, done: Done | undefined): void {
    const all = answer.decided ?? 0
    this.#adjustCounts(all - (done?.n ?? all), states[step.action])
    const left = (done?.n ?? all) - all - (answer.remaining ?? 0)
    if (left > 0 && step.key === this.#toastKey) this.#toast.add(say('conflicts', { n: left }))
    if (done) done.n = all
    if (!answer.remaining || all === 0) return
    const key = newKey()
    this.#done.push({ key, batch: '', ids: [], action: step.action, name: '', n: 0 })
    this.#outbox.add({ ...step, key, comments: [] })
  }

  /** Reports that decisions contradict a confident prediction, while undo is available. */
  #showContradictions(against: Contradiction[], last: boolean): void {
    const first = against[0]
    if (!first) return
    const words = say('contradicts', {
      n: against.length,
      said: Math.min(99, Math.max(1, Math.round(first.spam * 100))),
    })
    for (const { id } of against) {
      const row = this.cards.rowOf(id)
      const mark = row?.querySelector<HTMLElement>('[data-against]')
      if (mark) {
        mark.textContent = words
        mark.hidden = false
      }
    }
    if (last) this.#toast.add(words)
  }

  /** Hides the undo button in the row of a comment that already had the decided state. */
  #hideUndo(id: string): void {
    const button = this.cards.rowOf(id)?.querySelector('button')
    if (button) button.hidden = true
  }

  refused(step: Step, detail: string): void {
    this.#showToast(say('failed', { detail }))
    if (step.kind !== 'decide') return
    const at = this.#done.findIndex(d => d.key === step.key)
    if (at >= 0) this.#done.splice(at, 1)
    this.cards.steady(() => {
      for (const { id } of step.comments) this.cards.unfold(id)
    })
    this.#adjustCounts(-step.comments.length, states[step.action])
  }

  signedOut(): void {
    const notice = element('signedout')
    ;(notice.querySelector('span') as HTMLElement).textContent = say('signin')
    notice.hidden = false
  }

  waiting(n: number): void {
    const pill = element('unsaved')
    pill.hidden = n === 0
    ;(pill.querySelector('span') as HTMLElement).textContent = say('unsaved', { n })
    if (n === 0) this.onward.saved()
  }

  /** Restores the cards of conflicting decisions, and shows the conflicts. */
  async #conflicts(conflicts: Conflict[], chose: string): Promise<void> {
    if (conflicts.length === 0) return
    const own = conflicts.filter(conflict => conflict.code === 'appeal.own').length
    const changed = conflicts.length - own
    const words = [changed > 0 ? say('conflicts', { n: changed }) : '', own > 0 ? say('cannot.appeal') : '']
    this.tell(words.filter(Boolean).join(' '))
    let first: Card | undefined
    for (const { id } of conflicts) {
      const fresh = await this.#fetchCard(id)
      this.cards.steady(() => {
        const card = this.cards.unfold(id) ?? this.cards.find(id)
        if (card) this.#showChange(card, fresh)
        first ??= card
        if (card && isChanged(card)) this.#accepts(card, chose) // counts as the first press
      })
    }
    if (first) this.cards.show(first)
  }

  /** Shows another user's change to a comment. Its card keeps its place, and stays current. */
  async changed(id: string): Promise<void> {
    if (this.mine(id)) return
    const fresh = await this.#fetchCard(id)
    const card = this.cards.find(id)
    if (!card || this.mine(id) || (fresh && versionOf(fresh) <= versionOf(card))) return
    this.cards.steady(() => this.#showChange(card, fresh))
    if (card !== this.cards.current) card.querySelector(':scope > .notice')?.removeAttribute('role') // do not announce
  }

  /** Shows a change. fresh is null if the comment was erased, and undefined if the request failed. */
  #showChange(card: Card, fresh: Card | null | undefined): void {
    if (fresh) this.cards.change(card, fresh)
    else if (fresh === null) this.cards.gone(card, say('erased'))
  }

  async #fetchCard(id: string): Promise<Card | null | undefined> {
    const url = `/moderate/${encodeURIComponent(this.site)}/comments/${encodeURIComponent(id)}/card`
    try {
      return (await fetchPage(url + location.search)).querySelector<Card>('.card')
    } catch (error) {
      return error instanceof Error && error.message === '404' ? null : undefined
    }
  }

  /** Accepts another user's decision and goes on. */
  leave(card: Card): void {
    this.#foldAll([card], () => happenedTo(card))
    this.#advance()
  }

  /** Reloads the list and inserts new cards. Returns their number. */
  async refresh(): Promise<number> {
    if (this.cards.all.length === 0) {
      await this.onward.go()
      return this.cards.all.length
    }
    const url = new URL(location.href)
    url.searchParams.delete('after')
    const fresh = await fetchPage(url.pathname + url.search)
    let added: Card[] = []
    this.cards.steady(() => {
      added = this.cards.merge(fresh)
    })
    if (!this.cards.current) this.cards.go(this.cards.all[0])
    return added.length
  }

  /**
   * Reports whether this tab caused an event about a comment: it decided the comment, or has unsaved steps about it.
   */
  mine(id: string): boolean {
    if (this.replying.has(id) || this.cards.rowOf(id) !== undefined) return true
    return this.#outbox.steps.some(step => named(step).includes(id))
  }

  /** Updates the counts in the navigation by n decisions, before the service reports them. */
  #adjustCounts(n: number, to: string): void {
    const from = this.cards.list.dataset.view ?? 'pending'
    if (from === to) return
    add(from, -n)
    if (from === 'suspected') add('pending', -n)
    add(to, n)
  }
}

function add(view: string, n: number): void {
  const count = document.querySelector(`[data-count="${view}"]`)
  const old = count?.textContent ?? ''
  if (count && /^\d+$/.test(old)) count.textContent = String(Math.max(0, Number(old) + n))
  title()
}

/** Shows the count of this view in the document title. */
export function title(): void {
  const n = document.querySelector('.rail a[aria-current] .n')?.textContent ?? '0'
  const bare = document.title.replace(/ \(\d+\+?\)/, '')
  document.title = n === '0' ? bare : bare.replace(/^(.*?)( —|$)/, `$1 (${n})$2`)
}

/** Returns the name of a card's commenter, at most 40 characters. */
function nameOf(card: Card): string {
  const name = Array.from(card.querySelector('.who b')?.textContent ?? '')
  return name.length > 40 ? `${name.slice(0, 40).join('')}…` : name.join('')
}

/** Returns the label of an undo. */
function undoOf(done: Done): string {
  const did = done.action === 'reply' ? 'approve' : done.action
  const n = done.n ?? done.ids.length
  return say(n < 2 && done.name === '' ? 'undo.before' : `undo.${did}`, { n, name: done.name })
}

/** Reports whether another user already made the decision of a press. */
function agrees(card: Card, what: string): boolean {
  return what !== 'reject' && card.dataset.now === states[what as Action]
}

function folded(action: Action, reason: string): string {
  return say(`folded.${action}`, { reason: say(`reason.low.${reason}`) })
}
