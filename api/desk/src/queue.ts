/** Decisions in the queue: applied to the page at once, then sent to the service. */
import {
  type Card,
  Cards,
  campaignOf,
  countOf,
  type FoldedCampaign,
  fetchPage,
  happenedTo,
  idOf,
  isChanged,
  isHeld,
  isSettled,
  nameOf,
  pick,
  setVersion,
  siteOf,
  versionOf,
} from './cards'
import { countsOf } from './counts'
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
import { detailsOf, Pane } from './pane'
import type { Fold } from './runs'
import { element, Toast } from './toast'
import { say, write } from './words'

/**
 * The part of an action on one site, or on one campaign with n comments. It has a key if this tab made it; batch is ""
 * until it is saved.
 */
type Part = { site: string; key: string; batch: string; ids: string[]; n?: number }

/** An undoable action, newest last. Name is the commenter's if the action is about one comment. */
export type Done = { parts: Part[]; action: Action | 'reply' | 'before'; name: string }

/** The next page is prefetched when at most this number of cards is below the current one. */
const ahead = 20

/** Milliseconds before a second press may overrule another user's change, so that there is time to read it. */
export const readingTime = 1000

const states: Record<Action, string> = { approve: 'approved', reject: 'rejected', spam: 'spam', hold: 'pending' }

export class Queue implements Listener {
  readonly cards: Cards
  readonly pane: Pane
  readonly #toast = new Toast()
  readonly #outbox: Outbox
  readonly #done: Done[] = []
  readonly onward: Onward
  /** IDs of the comments to which a reply is being sent. */
  readonly replying = new Set<string>()
  /** The decision that the toast reports. */
  #reported: Done | undefined
  /** The action that the toast offers to undo. */
  #offeredUndo: Done | undefined
  /** The last press on each changed card, and its time. */
  readonly #pressed = new WeakMap<Card, { what: string; at: number }>()
  /** The card whose change the toast explains. */
  #explained: Card | undefined

  constructor(list: HTMLElement) {
    this.cards = new Cards(list)
    this.pane = new Pane(this.cards)
    for (const ref of (element('batches').dataset.batches ?? '').split(' ').reverse()) {
      const [site = '', batch = ''] = ref.split('/')
      if (batch) this.#done.push({ parts: [{ site, key: '', batch, ids: [] }], action: 'before', name: '' })
    }
    this.#offeredUndo = this.#done.find(d => d.parts[0]?.batch === this.#toast.batch.split('/')[1])
    this.onward = new Onward(this.cards, {
      busy: () => this.#outbox.steps.length > 0,
      about: id => this.#outbox.steps.some(step => named(step).includes(id)),
    })
    list.addEventListener('current', () => {
      if (this.#explained && this.#explained !== this.cards.current) this.tell('')
      this.#prefetch()
    })
    this.#outbox = new Outbox(document.body.dataset.account ?? '', this)
    for (const step of this.#outbox.steps) if (step.kind === 'decide') this.#refoldUnsaved(step)
    this.#outbox.send()
  }

  /** Decides cards. Reason and note belong to a refusal. With whole, a campaign's card decides the whole campaign. */
  decide(chosen: Card[], action: Action, reason = '', note = '', whole = false): void {
    if (reason === 'spam') action = 'spam'
    const cards = chosen.filter(card => this.#accepts(card, action, whole))
    const together = whole ? cards.filter(campaignOf) : []
    const agreed = cards.filter(card => agrees(card, action) && !together.includes(card))
    const decided = cards.filter(card => !agreed.includes(card))
    this.#decide(decided, action, reason, note, new Set(together))
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
      const again = detailsOf(card).querySelector<HTMLElement>('[data-again]')
      if (again) again.hidden = agrees(card, what)
      if (card.dataset.now === 'removed') pick(card, false)
    }
    this.cards.list.dispatchEvent(new Event('change'))
    const again = left
      .map(card => detailsOf(card).querySelector<HTMLElement>('[data-again]'))
      .find(hint => hint && !hint.hidden)
    const first = happenedTo(left[0] as Card)
    const words = more || left.length > 1 ? say('left', { n: left.length, what: first }) : first
    const text = words + (again?.textContent ?? '')
    if (more) this.#toast.add(text)
    else {
      this.tell(text)
      this.#explained = left[0]
    }
  }

  /** Decides cards in one action. Those in whole stand for their campaigns. */
  #decide(cards: Card[], action: Action, reason: string, note: string, whole: Set<Card>): void {
    const [first] = cards
    if (!first) return
    if (action === 'reject' && reason === '') reason = 'other'
    const done: Done = { parts: [], action, name: whole.size === 0 ? nameOf(first) : '' }
    const steps: Decide[] = []
    const add = (site: string, own: Card[], campaign?: FoldedCampaign) => {
      const comments = own.map(c => ({ id: idOf(c), version: versionOf(c) }))
      const step: Decide = { kind: 'decide', site, key: newKey(), action, reason, note, comments }
      if (campaign) step.campaign = { id: campaign.id, upto: campaign.upto }
      steps.push(step)
      done.parts.push({ site, key: step.key, batch: '', ids: own.map(idOf), ...(campaign ? { n: campaign.n } : {}) })
    }
    for (const card of whole) add(siteOf(card), [card], campaignOf(card))
    const single = cards.filter(card => !whole.has(card))
    for (const site of sitesOf(single))
      add(
        site,
        single.filter(card => siteOf(card) === site),
      )
    const n = countOfDone(done)
    this.#done.push(done)
    this.#adjustCounts(n, states[action])
    this.#foldAll(cards, card => this.#folded(card, action, reason, done))
    this.#showToast(say(`toast.${action}`, { n, reason: say(`reason.low.${reason}`) }), done)
    this.#toast.plain()
    this.#reported = done
    for (const step of steps) this.#outbox.add(step)
    this.cards.list.dispatchEvent(new CustomEvent('decided', { detail: { cards, n } }))
    this.#advance()
  }

  /** Returns what a card's row says after a decision. */
  #folded(card: Card, action: Action | 'reply', reason: string, done: Done): Fold {
    const kind = action === 'reject' ? 'reject' : action
    return {
      kind,
      words: say(`folded.${action}`, { reason: say(`reason.low.${reason}`) }),
      n: countOf(card),
      undo: () => this.undo(done),
      label: undoOf(done),
    }
  }

  /** Prefetches the next page near the end of the list. */
  #prefetch(): void {
    if (this.cards.current && this.cards.endsWithin(ahead)) this.onward.ahead()
  }

  /** If all cards are decided, it folds those that other users decided and loads the next page. */
  #advance(): void {
    if (this.cards.below(null)) return
    for (const card of this.cards.all) this.cards.fold(card, elsewhere(card))
    this.cards.list.dispatchEvent(new Event('change'))
    this.onward.go()
  }

  /** Shows text in the toast with an undo button for done, if given. */
  #showToast(text: string, done?: Done): void {
    this.#reported = this.#explained = undefined
    this.#offeredUndo = done
    this.#toast.say(text, done ? undoOf(done) : '')
  }

  /** Folds cards and makes the next one current, at the same place on the screen. */
  #foldAll(cards: Card[], fold: (card: Card) => Fold): void {
    const current = this.cards.current
    const foldThem = () => {
      for (const card of cards) this.cards.fold(card, fold(card))
      this.cards.list.dispatchEvent(new Event('change'))
    }
    if (!current || !cards.includes(current)) {
      this.cards.steady(foldThem)
      return
    }
    const next = this.cards.after(current, cards)
    const y = current.getBoundingClientRect().top
    foldThem()
    if (next) this.cards.go(next, true, y)
    else this.pane.show(null)
  }

  /** Folds cards that a reload showed again because their decision is not saved yet. */
  #refoldUnsaved(step: Decide): void {
    const cards = step.comments.map(c => this.cards.find(c.id)).filter(c => c !== undefined)
    const name = cards[0] ? nameOf(cards[0]) : ''
    const ids = step.comments.map(c => c.id)
    const done: Done = { parts: [{ site: step.site, key: step.key, batch: '', ids }], action: step.action, name }
    this.#done.push(done)
    this.#foldAll(cards, card => this.#folded(card, step.action, step.reason, done))
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
    this.#reported = undefined
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

  /** Undoes one of the user's actions. */
  undo(done: Done): void {
    const at = this.#done.indexOf(done)
    if (at < 0) return
    this.#done.splice(at, 1)
    const n = countOfDone(done)
    if (done.action in states) this.#adjustCounts(-n, states[done.action as Action])
    let first: Card | undefined
    this.cards.steady(() => {
      for (const { key, ids } of done.parts) {
        for (const id of ids) {
          const card = this.cards.unfold(id)
          // The decision and its undo each increment the version.
          if (card && key) setVersion(card, versionOf(card) + 2)
          first ??= card
        }
      }
    })
    this.cards.go(first)
    this.#showToast(say('undone', { n: Math.max(1, n) }), this.#done.at(-1))
    for (const { site, key, batch, ids } of done.parts)
      this.#outbox.add({ kind: 'undo', site, key: newKey(), of: key, batch, ids })
    this.cards.list.dispatchEvent(new CustomEvent('undone', { detail: { n } }))
  }

  /** Shows a message about something that changed nothing, without an undo button. */
  tell(words: string): void {
    this.#showToast(words)
  }

  /** Appends words to the message about the last action. */
  add(words: string): void {
    this.#toast.add(words)
  }

  /** Records a sent reply. If it approved its parent, it can be undone like a decision. */
  replied(card: Card, batch: string | null, against: Contradiction[]): void {
    this.pane.replied(card)
    if (!batch) {
      this.tell(say('toast.reply'))
      return
    }
    const part = { site: siteOf(card), key: newKey(), batch, ids: [idOf(card)] }
    const done: Done = { parts: [part], action: 'reply', name: nameOf(card) }
    this.#done.push(done)
    this.#foldAll([card], folded => this.#folded(folded, 'reply', '', done))
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
      this.#conflicts(step.site, answer.conflicts, '')
      return
    }
    const done = this.#done.find(d => d.parts.some(part => part.key === step.key))
    const said = done !== undefined && done === this.#reported
    const part = done?.parts.find(p => p.key === step.key)
    if (step.campaign) this.#campaignDecided(step, answer, part, said)
    if (done && part) this.#saved(done, part, answer)
    if (!answer.batch) for (const { id } of step.comments) this.cards.runs.settle(id)
    if (step.action === 'approve' && (answer.decided ?? 0) > 0 && said) this.#toast.countPublic()
    this.#showContradictions(answer.contradictions ?? [], said)
    this.#adjustCounts(-answer.conflicts.length, states[step.action])
    this.#conflicts(step.site, answer.conflicts, step.action)
  }

  /** Takes the batch of a saved step. An action that changed nothing cannot be undone. */
  #saved(done: Done, part: Part, answer: Answer): void {
    part.batch = answer.batch ?? ''
    if (answer.batch) return
    done.parts = done.parts.filter(p => p !== part)
    if (done.parts.length > 0) return
    this.#done.splice(this.#done.indexOf(done), 1)
    if (done !== this.#offeredUndo || answer.conflicts.length > 0) return
    // Approving a reported comment changes nothing but closes its reports.
    this.tell(say(this.cards.list.dataset.view === 'reported' ? 'toast.reports' : 'cannot.already'))
  }

  /** Counts the decided members of a campaign, and sends another request if members remain. */
  #campaignDecided(step: Decide, answer: Answer, part: Part | undefined, said: boolean): void {
    const all = answer.decided ?? 0
    const expected = part?.n ?? all
    this.#adjustCounts(all - expected, states[step.action])
    const left = expected - all - (answer.remaining ?? 0)
    if (left > 0 && said) this.#toast.add(say('conflicts', { n: left }))
    if (part) part.n = all
    if (!answer.remaining || all === 0) return
    const key = newKey()
    this.#done.push({ parts: [{ site: step.site, key, batch: '', ids: [], n: 0 }], action: step.action, name: '' })
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
    for (const { id } of against) this.cards.runs.mark(id, words)
    this.cards.list.dispatchEvent(new CustomEvent('contradicted', { detail: against }))
    if (last) this.#toast.add(words)
  }

  refused(step: Step, detail: string): void {
    this.#showToast(say('failed', { detail }))
    if (step.kind !== 'decide') return
    const done = this.#done.find(d => d.parts.some(part => part.key === step.key))
    if (done) done.parts = done.parts.filter(part => part.key !== step.key)
    if (done?.parts.length === 0) this.#done.splice(this.#done.indexOf(done), 1)
    this.cards.steady(() => {
      for (const { id } of step.comments) this.cards.unfold(id)
    })
    this.#adjustCounts(-step.comments.length, states[step.action])
  }

  signedOut(): void {
    const notice = element('signedout')
    ;(notice.querySelector('span') as HTMLElement).textContent = say('signin')
    const link = notice.querySelector('a')
    if (link) link.href = `/moderate/signin?to=${encodeURIComponent(location.pathname + location.search)}`
    notice.hidden = false
  }

  waiting(n: number): void {
    const pill = element('unsaved')
    pill.hidden = n === 0
    ;(pill.querySelector('span') as HTMLElement).textContent = say('unsaved', { n })
    if (n === 0) this.onward.saved()
  }

  /** Restores the cards of conflicting decisions, and shows the conflicts. */
  async #conflicts(site: string, conflicts: Conflict[], chose: string): Promise<void> {
    if (conflicts.length === 0) return
    const own = conflicts.filter(conflict => conflict.code === 'appeal.own').length
    const changed = conflicts.length - own
    const words = [changed > 0 ? say('conflicts', { n: changed }) : '', own > 0 ? say('cannot.appeal') : '']
    this.tell(words.filter(Boolean).join(' '))
    let first: Card | undefined
    for (const { id } of conflicts) {
      const fresh = await this.#fetchCard(site, id)
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
    const known = this.cards.find(id)
    if (this.mine(id) || !known) return
    const fresh = await this.#fetchCard(siteOf(known), id)
    const card = this.cards.find(id)
    if (!card || this.mine(id) || (fresh && versionOf(fresh) <= versionOf(card))) return
    this.cards.steady(() => this.#showChange(card, fresh))
    if (card !== this.cards.current) card.querySelector('.happened')?.removeAttribute('role') // do not announce
  }

  /** Shows a change. fresh is null if the comment was erased, and undefined if the request failed. */
  #showChange(card: Card, fresh: Card | null | undefined): void {
    if (fresh) this.cards.change(card, fresh)
    else if (fresh === null) this.cards.gone(card, say('erased'))
  }

  async #fetchCard(site: string, id: string): Promise<Card | null | undefined> {
    const url = `/moderate/${encodeURIComponent(site)}/comments/${encodeURIComponent(id)}/card`
    try {
      return (await fetchPage(url + location.search)).querySelector<Card>('.card')
    } catch (error) {
      return error instanceof Error && error.message === '404' ? null : undefined
    }
  }

  /** Accepts another user's decision and goes on. */
  leave(card: Card): void {
    this.#foldAll([card], elsewhere)
    this.#advance()
  }

  /** Reloads the list and inserts new cards. Returns their number. */
  async refresh(): Promise<number> {
    if (this.cards.isEmpty) {
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
    if (this.replying.has(id) || this.cards.runs.has(id)) return true
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
  for (const count of [...countsOf('count', view), ...countsOf('everywhere', view)]) {
    const old = count.textContent?.replace(/\s/g, '') ?? ''
    if (/^\d+$/.test(old)) count.textContent = write(Math.max(0, Number(old) + n))
  }
  title()
}

/** Shows the count of this view in the document title. */
export function title(): void {
  const n = document.querySelector('.list .head .n')?.textContent ?? '0'
  const bare = document.title.replace(/ \([\d\s]+\+?\)/, '')
  document.title = n === '0' ? bare : bare.replace(/^(.*?)( —|$)/, `$1 (${n})$2`)
}

function sitesOf(cards: Card[]): string[] {
  return [...new Set(cards.map(siteOf))]
}

function countOfDone(done: Done): number {
  return done.parts.reduce((sum, part) => sum + (part.n ?? part.ids.length), 0)
}

/** Returns the label of an undo. */
function undoOf(done: Done): string {
  const did = done.action === 'reply' ? 'approve' : done.action
  const n = countOfDone(done)
  return say(n < 2 && done.name === '' ? 'undo.before' : `undo.${did}`, { n, name: done.name })
}

/** Returns what the row of a card says that another user decided. */
function elsewhere(card: Card): Fold {
  return { kind: 'other', words: happenedTo(card), n: countOf(card) }
}

/** Reports whether another user already made the decision of a press. */
function agrees(card: Card, what: string): boolean {
  return what !== 'reject' && card.dataset.now === states[what as Action]
}
