/** One's own comments: shown while nobody else sees them, with their state, and what their writer may still do. */

import { ask, type Comment, Failure } from './client'
import { about, button, clock, composing, el, icon } from './dom'
import { type FormWords, fill, number, type Reason } from './i18n'
import { postedId } from './sending'
import type { Draft, Own, Shelf } from './shelf'
import type { Stage } from './stage'
import { because, trouble } from './trouble'
import { notice } from './withheld'

/** The view a writer has of their comment. */
interface OwnView extends Comment {
  body: string
  reason: Reason | null
  note: string | null
  redacted_why?: string | null
  /** What the writer says against the refusal, and what became of it. */
  appeal?: { state: 'open' | 'upheld' | 'overturned' } | null
  edit_until: string | null
  /** What stands in the field of an edit that is under way. */
  draft?: string
}

/** At most so many are asked for when a page is opened. */
const most = 10

export class OwnComments {
  readonly #stage: Stage
  readonly #t: FormWords
  readonly #shelf: Shelf
  readonly #anew: (text: string, parent: Draft['parent']) => void
  /** Those of this page that were heard of, in order. */
  readonly #known = new Map<string, { own: Own; seen: OwnView }>()
  #asked = false
  #ticks = 0

  constructor(stage: Stage, t: FormWords, shelf: Shelf, anew: (text: string, parent: Draft['parent']) => void) {
    this.#stage = stage
    this.#t = t
    this.#shelf = shelf
    this.#anew = anew
    const ticking = setInterval(() => this.#tick(), 15_000)
    stage.gone.addEventListener('abort', () => clearInterval(ticking))
  }

  /** Shows a comment that was just posted. Reports whether the browser keeps it. */
  took(own: Own, comment: Comment, body: string, until: string): boolean {
    const kept = this.#shelf.keepOwn(own)
    this.#show(own, { ...comment, body, reason: null, note: null, edit_until: until })
    return kept
  }

  /** Shows them in a thread that was just drawn or has grown. */
  drawn() {
    for (const { own, seen } of this.#known.values()) this.#again(own, seen)
    if (this.#asked) return
    this.#asked = true
    const here = this.#shelf.own.filter(o => o.page === this.#stage.page.url && !this.#known.has(o.id))
    const { next, thread } = this.#stage
    const wanted = here.filter(o => o.state !== 'approved' || !next || thread.comment(o.id)).slice(-most)
    void Promise.all(wanted.map(own => this.#learn(own))).then(found => {
      for (const [i, seen] of found.entries()) if (seen && wanted[i]) this.#again(wanted[i], seen)
    })
  }

  /** Asks once more how one stands. */
  heard(id: string) {
    const known = this.#known.get(id)
    if (known) void this.#learn(known.own).then(seen => seen && this.#show(known.own, seen))
  }

  /** Shows one again; a published one stands in the thread, or on a part of it that is not loaded yet. */
  #again(own: Own, seen: OwnView) {
    if (seen.state !== 'approved' || this.#stage.thread.comment(own.id)) this.#show(own, seen)
  }

  /** Asks how a comment stands; null where that is not to be known. */
  async #learn(own: Own): Promise<OwnView | null> {
    try {
      const seen = await ask<OwnView>(this.#address(own), { headers: bearer(own), cache: 'no-store' })
      if (seen.state === 'removed') throw new Failure('comment.unknown', 404)
      this.#shelf.keepOwn({ ...own, state: seen.state })
      return seen
    } catch (cause) {
      if (cause instanceof Failure && cause.status === 404) this.#shelf.forgetOwn(own.id)
      return null
    }
  }

  #address(own: Own): string {
    return this.#stage.api(`comments/${own.id}`)
  }

  #show(own: Own, seen: OwnView) {
    const { thread } = this.#stage
    this.#known.set(own.id, { own, seen })
    this.#stage.root.querySelector('.invite')?.remove()
    const published = seen.state === 'approved'
    const first = this.#stage.config.sort === 'newest'
    const node = thread.add(seen, published ? this.#stage.actions(seen) : undefined, first)
    this.#stage.count()
    if (published) this.#message(own.id, this.#t.published)
    const acts = node.querySelector('.acts')
    node.classList.add(published ? 'mine' : 'own')
    if (published) acts?.append(...this.#tools(own, seen, node))
    const [item, last] = [node.parentElement, thread.list.lastElementChild]
    if (!published && !seen.parent && !first && item && last?.lastChild !== item) last?.append(item)
    if (published && seen.appeal) acts?.prepend(el('span', { class: 'why' }, this.#t.overturned))
    if (seen.redacted_why) acts?.prepend(el('span', { class: 'why' }, ...about(this.#t.redacted, seen.redacted_why)))
    if (seen.state === 'pending') {
      this.#message(own.id, this.#t.posted)
      acts?.append(
        el('strong', { part: 'status', class: 'row' }, icon(clock), this.#t.waiting),
        el('span', {}, this.#t.onlyYou),
        ...this.#tools(own, seen, node),
      )
    } else if (seen.state === 'withheld') {
      acts?.before(notice(this.#stage, seen, this.#stage.config.base, this.#t.withheld))
      acts?.append(this.#asking(this.#t.withdraw, own, seen, node))
    } else if (!published) acts?.replaceWith(this.#refusal(own, seen, node))
    if (seen.draft !== undefined) this.#edit(own, seen, node)
  }

  /** Keeps the message that was shown after posting true. Its details described a pending comment; their space stays. */
  #message(id: string, sentence: string) {
    const box = this.#stage.root.getElementById(postedId(id))
    const title = box?.querySelector('strong')
    const details = box?.querySelector('p')
    if (!title || !details || title.textContent === sentence) return
    title.lastChild?.replaceWith(sentence)
    details.classList.toggle('past', sentence !== this.#t.posted)
  }

  /** Edit, while there is time, and Withdraw. */
  #tools(own: Own, seen: OwnView, node: HTMLElement): HTMLElement[] {
    const tools = [this.#asking(this.#t.withdraw, own, seen, node)]
    const until = Date.parse(seen.edit_until ?? '')
    if (until > Date.now()) {
      const edit = button(this.#t.edit, () => this.#edit(own, seen, node), { 'data-until': `${until}` })
      tools.unshift(el('span', { class: 'row' }, edit, el('span', { 'data-until': until }, this.#minutes(until))))
    }
    return tools
  }

  #minutes(until: number): string {
    return fill(this.#t.left, { n: number(Math.ceil((until - Date.now()) / 60_000), this.#stage.t) })
  }

  /** Counts the minutes down; what is over goes, unless it has the focus. */
  #tick() {
    // No event tells readers of a refusal, so a page in view asks once a minute.
    this.#ticks++
    if (this.#ticks % 4 === 0 && !document.hidden) {
      for (const { own, seen } of this.#known.values()) {
        if (seen.state !== 'pending') continue
        void this.#learn(own).then(now => now && now.state !== seen.state && this.#show(own, now))
      }
    }
    for (const node of this.#stage.root.querySelectorAll<HTMLElement>('[data-until]')) {
      const until = Number(node.dataset.until)
      if (until <= Date.now()) node.hidden = !node.matches(':focus')
      else if (node.localName === 'span') node.textContent = this.#minutes(until)
    }
  }

  /** A button that asks once more, in its own place: a withdrawal cannot be undone. */
  #asking(label: string, own: Own, seen: OwnView, node: HTMLElement): HTMLElement {
    const t = this.#t
    const first = button(label, () => {
      const back = () => {
        question.replaceWith(first)
        first.focus()
      }
      const sure = button(t.withdrawIt, () => this.#withdraw(own, seen, node))
      const question = el(
        'span',
        { class: 'row', role: 'group', 'aria-label': label },
        el('span', {}, t.sure),
        sure,
        button(t.keep, back),
      )
      first.replaceWith(question)
      sure.focus()
    })
    return first
  }

  async #withdraw(own: Own, seen: OwnView, node: HTMLElement) {
    const t = this.#t
    try {
      await ask(this.#address(own), { method: 'DELETE', headers: bearer(own) })
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure('unknown')
      node.querySelector('.alarm')?.remove()
      node.append(
        el(
          'div',
          { role: 'alert', class: 'box err alarm' },
          el('strong', {}, t.notWithdrawn),
          el('p', {}, because(failure, t, this.#stage.t)),
        ),
      )
      return
    }
    seen.state = 'removed'
    this.#stage.count()
    this.#shelf.forgetOwn(own.id)
    this.#known.delete(own.id)
    this.#message(own.id, t.withdrawn)
    const line = el('p', { class: 'text gone', role: 'status', tabindex: -1 }, t.withdrawn)
    node.classList.remove('own')
    node.replaceChildren(line)
    line.focus()
  }

  /** A button that asks why the refusal should be looked at again, in its own place. */
  #appealing(own: Own, seen: OwnView): HTMLElement {
    const stage = this.#stage
    const open = button(this.#t.appeal, () =>
      stage.use('report', part =>
        part.appeal(stage, own.id, own.token, open, () => {
          this.#show(own, { ...seen, appeal: { state: 'open' } })
          stage.say(this.#t.appealed)
          stage.thread.article(own.id)?.focus()
        }),
      ),
    )
    return open
  }

  #refusal(own: Own, seen: OwnView, node: HTMLElement): HTMLElement {
    const t = this.#t
    const reason = seen.reason && seen.reason in t.reasons ? seen.reason : seen.state === 'spam' ? 'spam' : 'other'
    const rules = button(t.rules, () => {
      const rules = this.#stage.root.getElementById('rules')
      rules?.scrollIntoView({ block: 'center' })
      rules?.focus({ preventScroll: true })
    })
    const refused = fill(t.refused, { reason: t.reasons[reason] })
    this.#message(own.id, refused)
    const parent = seen.parent ? this.#stage.thread.comment(seen.parent) : null
    const anew = () =>
      this.#anew(seen.body, parent && { id: parent.id, name: parent.author?.name ?? this.#stage.t.anonymous })
    return el(
      'div',
      { class: 'box err' },
      el('strong', { part: 'status' }, refused),
      el('p', {}, t.meanings[reason], ' ', this.#stage.settings.rules && this.#stage.page.open ? rules : ''),
      el('p', {}, t.byWhom),
      seen.note ? el('p', {}, ...about(t.note, seen.note)) : null,
      seen.redacted_why ? el('p', {}, ...about(t.redacted, seen.redacted_why)) : null,
      seen.appeal ? el('p', {}, seen.appeal.state === 'open' ? t.appealed : t.upheld) : null,
      el(
        'div',
        { class: 'row' },
        seen.appeal ? null : this.#appealing(own, seen),
        this.#stage.page.open ? button(t.anew, anew) : null,
        this.#asking(t.remove, own, seen, node),
      ),
    )
  }

  /** Puts a field in the place of the text. */
  #edit(own: Own, seen: OwnView, node: HTMLElement) {
    const t = this.#t
    const id = `edit-${own.id}`
    const field = el('textarea', { id, rows: 4, input: () => (seen.draft = field.value) })
    field.value = seen.draft ?? seen.body
    seen.draft = field.value
    const cancel = () => {
      delete seen.draft
      this.#show(own, seen)
      this.#stage.thread.article(own.id)?.focus()
    }
    const submit = el('button', { class: 'go' }, t.save)
    const save = () => (field.value === seen.body ? cancel() : this.#save(own, field, submit))
    const form = el(
      'form',
      {
        submit: event => {
          event.preventDefault()
          save()
        },
        keydown: event => {
          const { key, ctrlKey, metaKey } = event as KeyboardEvent
          if (key === 'Enter' && (ctrlKey || metaKey) && !composing(event as KeyboardEvent)) save()
        },
      },
      el('div', { class: 'f' }, el('label', { for: id }, t.editing), el('div', { class: 'ed' }, field)),
      el('div', { class: 'row' }, submit, button(t.cancel, cancel)),
    )
    node.querySelector('.acts')?.remove()
    node.querySelector('.text')?.replaceWith(form)
    field.focus()
  }

  async #save(own: Own, field: HTMLTextAreaElement, submit: HTMLElement) {
    const t = this.#t
    const form = field.form
    form?.querySelector('.err')?.remove()
    const body = field.value
    if (field.readOnly) return
    field.readOnly = true
    try {
      if (!body.trim()) throw new Failure('comment.empty')
      const seen = await ask<OwnView>(this.#address(own), {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', ...bearer(own) },
        body: JSON.stringify({ body }),
      })
      this.#shelf.keepOwn({ ...own, state: seen.state })
      this.#show(own, seen)
      this.#stage.thread.article(own.id)?.focus()
      this.#stage.say(seen.state === 'approved' ? t.published : t.saved)
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure('unknown')
      this.#stage.fire('error', { code: failure.code })
      submit.parentElement?.before(trouble(t.notSaved, because(failure, t, this.#stage.t), t, field))
    } finally {
      field.readOnly = false
    }
  }
}

function bearer(own: Own): Record<string, string> {
  return { Authorization: `Bearer ${own.token}` }
}
