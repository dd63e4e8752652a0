/** The reader's own comments, also unpublished ones, with their state and buttons to edit, withdraw and appeal. */

import { type Comment, Failure, request } from './client'
import { about, button, clock, composing, el, icon } from './dom'
import { failureAlert, failureText } from './failure'
import { type FormWords, fill, number, type Reason } from './i18n'
import { postedId } from './sending'
import type { Stage } from './stage'
import type { BrowserStorage, Draft, Own } from './storage'
import { notice } from './withheld'

/** A comment as its author sees it. */
interface OwnView extends Comment {
  body: string
  reason: Reason | null
  note: string | null
  redacted_why?: string | null
  /** The author's appeal against the rejection. */
  appeal?: { state: 'open' | 'upheld' | 'overturned' } | null
  edit_until: string | null
  /** The unsaved text of the edit form, while it is open. */
  draft?: string
}

/** The number of own comments requested when a page is opened. */
const maxRequested = 10

export class OwnComments {
  readonly #stage: Stage
  readonly #t: FormWords
  readonly #storage: BrowserStorage
  readonly #rewrite: (text: string, parent: Draft['parent']) => void
  /** Own comments of this page whose state was received, in order. */
  readonly #known = new Map<string, { own: Own; view: OwnView }>()
  #requested = false
  #updates = 0

  constructor(
    stage: Stage,
    t: FormWords,
    storage: BrowserStorage,
    rewrite: (text: string, parent: Draft['parent']) => void,
  ) {
    this.#stage = stage
    this.#t = t
    this.#storage = storage
    this.#rewrite = rewrite
    const timer = setInterval(() => this.#update(), 15_000)
    stage.gone.addEventListener('abort', () => clearInterval(timer))
  }

  /** Shows a comment that was just posted. Reports whether the browser stored it. */
  add(own: Own, comment: Comment, body: string, until: string): boolean {
    const kept = this.#storage.keepOwn(own)
    this.#show(own, { ...comment, body, reason: null, note: null, edit_until: until })
    return kept
  }

  /** Shows own comments in a thread that was drawn or has grown. */
  drawn() {
    for (const { own, view } of this.#known.values()) this.#showInThread(own, view)
    if (this.#requested) return
    this.#requested = true
    const here = this.#storage.own.filter(o => o.page === this.#stage.page.url && !this.#known.has(o.id))
    const { next, thread } = this.#stage
    const requested = here.filter(o => o.state !== 'approved' || !next || thread.comment(o.id)).slice(-maxRequested)
    void Promise.all(requested.map(own => this.#request(own))).then(answers => {
      for (const [i, view] of answers.entries()) if (view && requested[i]) this.#showInThread(requested[i], view)
    })
  }

  /** Requests a comment's state and shows it. */
  sync(id: string) {
    const known = this.#known.get(id)
    if (known) void this.#request(known.own).then(view => view && this.#show(known.own, view))
  }

  /** Shows a comment, unless it is published and its place in the thread is not loaded. */
  #showInThread(own: Own, view: OwnView) {
    if (view.state !== 'approved' || this.#stage.thread.comment(own.id)) this.#show(own, view)
  }

  /** Requests a comment's state. Returns null on failure, and forgets a comment that was removed. */
  async #request(own: Own): Promise<OwnView | null> {
    try {
      const view = await request<OwnView>(this.#address(own), { headers: bearer(own), cache: 'no-store' })
      if (view.state === 'removed') throw new Failure('comment.unknown', 404)
      this.#storage.keepOwn({ ...own, state: view.state })
      return view
    } catch (cause) {
      if (cause instanceof Failure && cause.status === 404) this.#storage.forgetOwn(own.id)
      return null
    }
  }

  #address(own: Own): string {
    return this.#stage.api(`comments/${own.id}`)
  }

  #show(own: Own, view: OwnView) {
    const { thread } = this.#stage
    this.#known.set(own.id, { own, view })
    this.#stage.root.querySelector('.invite')?.remove()
    const published = view.state === 'approved'
    const first = this.#stage.config.sort === 'newest'
    const node = thread.add(view, published ? this.#stage.actions(view) : undefined, first)
    this.#stage.count()
    if (published) this.#updateMessage(own.id, this.#t.published)
    const acts = node.querySelector('.acts')
    node.classList.add(published ? 'mine' : 'own')
    if (published) acts?.append(...this.#tools(own, view, node))
    const [item, last] = [node.parentElement, thread.list.lastElementChild]
    if (!published && !view.parent && !first && item && last?.lastChild !== item) last?.append(item)
    if (published && view.appeal) acts?.prepend(el('span', { class: 'why' }, this.#t.overturned))
    if (view.redacted_why) acts?.prepend(el('span', { class: 'why' }, ...about(this.#t.redacted, view.redacted_why)))
    if (view.state === 'pending') {
      this.#updateMessage(own.id, this.#t.posted)
      acts?.append(
        el('strong', { part: 'status', class: 'row' }, icon(clock), this.#t.waiting),
        el('span', {}, this.#t.onlyYou),
        ...this.#tools(own, view, node),
      )
    } else if (view.state === 'withheld') {
      acts?.before(notice(this.#stage, view, this.#stage.config.base, this.#t.withheld))
      acts?.append(this.#confirmButton(this.#t.withdraw, own, view, node))
    } else if (!published) acts?.replaceWith(this.#rejectionBox(own, view, node))
    if (view.draft !== undefined) this.#edit(own, view, node)
  }

  /** Updates the message after posting. Its details, about a pending comment, are hidden but keep their space. */
  #updateMessage(id: string, sentence: string) {
    const box = this.#stage.root.getElementById(postedId(id))
    const title = box?.querySelector('strong')
    const details = box?.querySelector('p')
    if (!title || !details || title.textContent === sentence) return
    title.lastChild?.replaceWith(sentence)
    details.classList.toggle('past', sentence !== this.#t.posted)
  }

  /** Returns the buttons Edit, during the edit window, and Withdraw. */
  #tools(own: Own, view: OwnView, node: HTMLElement): HTMLElement[] {
    const tools = [this.#confirmButton(this.#t.withdraw, own, view, node)]
    const until = Date.parse(view.edit_until ?? '')
    if (until > Date.now()) {
      const edit = button(this.#t.edit, () => this.#edit(own, view, node), { 'data-until': `${until}` })
      tools.unshift(el('span', { class: 'row' }, edit, el('span', { 'data-until': until }, this.#minutes(until))))
    }
    return tools
  }

  #minutes(until: number): string {
    return fill(this.#t.left, { n: number(Math.ceil((until - Date.now()) / 60_000), this.#stage.t) })
  }

  /** Updates the minutes left to edit. Hides an expired button unless it has the focus. */
  #update() {
    // The reader stream has no event for a rejection, so a visible page requests pending comments once a minute.
    this.#updates++
    if (this.#updates % 4 === 0 && !document.hidden) {
      for (const { own, view } of this.#known.values()) {
        if (view.state !== 'pending') continue
        void this.#request(own).then(now => now && now.state !== view.state && this.#show(own, now))
      }
    }
    for (const node of this.#stage.root.querySelectorAll<HTMLElement>('[data-until]')) {
      const until = Number(node.dataset.until)
      if (until <= Date.now()) node.hidden = !node.matches(':focus')
      else if (node.localName === 'span') node.textContent = this.#minutes(until)
    }
  }

  /** Returns a button that asks for confirmation in place, since a withdrawal cannot be undone. */
  #confirmButton(label: string, own: Own, view: OwnView, node: HTMLElement): HTMLElement {
    const t = this.#t
    const first = button(label, () => {
      const back = () => {
        question.replaceWith(first)
        first.focus()
      }
      const confirm = button(t.withdrawIt, () => this.#withdraw(own, view, node))
      const question = el(
        'span',
        { class: 'row', role: 'group', 'aria-label': label },
        el('span', {}, t.sure),
        confirm,
        button(t.keep, back),
      )
      first.replaceWith(question)
      confirm.focus()
    })
    return first
  }

  async #withdraw(own: Own, view: OwnView, node: HTMLElement) {
    const t = this.#t
    try {
      await request(this.#address(own), { method: 'DELETE', headers: bearer(own) })
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure('unknown')
      node.querySelector('.alarm')?.remove()
      node.append(
        el(
          'div',
          { role: 'alert', class: 'box err alarm' },
          el('strong', {}, t.notWithdrawn),
          el('p', {}, failureText(failure, t, this.#stage.t)),
        ),
      )
      return
    }
    view.state = 'removed'
    this.#stage.count()
    this.#storage.forgetOwn(own.id)
    this.#known.delete(own.id)
    this.#updateMessage(own.id, t.withdrawn)
    const line = el('p', { class: 'text gone', role: 'status', tabindex: -1 }, t.withdrawn)
    node.classList.remove('own')
    node.replaceChildren(line)
    line.focus()
  }

  /** Returns a button that opens the appeal form in its place. */
  #appealButton(own: Own, view: OwnView): HTMLElement {
    const stage = this.#stage
    const open = button(this.#t.appeal, () =>
      stage.use('report', part =>
        part.appeal(stage, own.id, own.token, open, () => {
          this.#show(own, { ...view, appeal: { state: 'open' } })
          stage.say(this.#t.appealed)
          stage.thread.article(own.id)?.focus()
        }),
      ),
    )
    return open
  }

  #rejectionBox(own: Own, view: OwnView, node: HTMLElement): HTMLElement {
    const t = this.#t
    const reason = view.reason && view.reason in t.reasons ? view.reason : view.state === 'spam' ? 'spam' : 'other'
    const rules = button(t.rules, () => {
      const rules = this.#stage.root.getElementById('rules')
      rules?.scrollIntoView({ block: 'center' })
      rules?.focus({ preventScroll: true })
    })
    const rejected = fill(t.refused, { reason: t.reasons[reason] })
    this.#updateMessage(own.id, rejected)
    const parent = view.parent ? this.#stage.thread.comment(view.parent) : null
    const rewrite = () =>
      this.#rewrite(view.body, parent && { id: parent.id, name: parent.author?.name ?? this.#stage.t.anonymous })
    return el(
      'div',
      { class: 'box err' },
      el('strong', { part: 'status' }, rejected),
      el('p', {}, t.meanings[reason], ' ', this.#stage.settings.rules && this.#stage.page.open ? rules : ''),
      el('p', {}, t.byWhom),
      view.note ? el('p', {}, ...about(t.note, view.note)) : null,
      view.redacted_why ? el('p', {}, ...about(t.redacted, view.redacted_why)) : null,
      view.appeal ? el('p', {}, view.appeal.state === 'open' ? t.appealed : t.upheld) : null,
      el(
        'div',
        { class: 'row' },
        view.appeal ? null : this.#appealButton(own, view),
        this.#stage.page.open ? button(t.anew, rewrite) : null,
        this.#confirmButton(t.remove, own, view, node),
      ),
    )
  }

  /** Replaces the text by a form that edits it. */
  #edit(own: Own, view: OwnView, node: HTMLElement) {
    const t = this.#t
    const id = `edit-${own.id}`
    const field = el('textarea', { id, rows: 4, input: () => (view.draft = field.value) })
    field.value = view.draft ?? view.body
    view.draft = field.value
    const cancel = () => {
      delete view.draft
      this.#show(own, view)
      this.#stage.thread.article(own.id)?.focus()
    }
    const submit = el('button', { class: 'go' }, t.save)
    const save = () => (field.value === view.body ? cancel() : this.#save(own, field, submit))
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
      const view = await request<OwnView>(this.#address(own), {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', ...bearer(own) },
        body: JSON.stringify({ body }),
      })
      this.#storage.keepOwn({ ...own, state: view.state })
      this.#show(own, view)
      this.#stage.thread.article(own.id)?.focus()
      this.#stage.say(view.state === 'approved' ? t.published : t.saved)
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure('unknown')
      this.#stage.fire('error', { code: failure.code })
      submit.parentElement?.before(failureAlert(t.notSaved, failureText(failure, t, this.#stage.t), t, field))
    } finally {
      field.readOnly = false
    }
  }
}

function bearer(own: Own): Record<string, string> {
  return { Authorization: `Bearer ${own.token}` }
}
