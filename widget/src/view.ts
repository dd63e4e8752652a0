/** What a reader sees of a page's comments, and what changes it. The form and one's own comments live in form.ts. */

import { ask, type Comment, Failure, type Listing, type Page, type Settings } from './client'
import { button, el } from './dom'
import { type FormWords, fill, number, plural, type Words } from './i18n'
import { nodes } from './markup'
import { alert, closedForm, header, rules, title } from './pieces'
import { Thread } from './thread'
import { reading as inEnglish } from './words/en'
import type { Writer } from './writer'

declare const FORM_ADDRESS: string
declare const WHY_ADDRESS: string
declare const LANGUAGE_ADDRESSES: Record<string, string>

/** Where the words of each language besides English lie. */
export const languages = LANGUAGE_ADDRESSES

export interface Config {
  /** The service's address, with a slash at the end. */
  base: string
  site: string
  page: string
  title: string
  lang: string
  sort: string
}

/** So many come with the page, and at most so many at a time later: each time is twice the last. */
const first = 25
const most = 100

export class View {
  t: Words = inEnglish
  /** The form's words where they came with the reading part's; English ones lie with the form. */
  formWords: FormWords | null = null
  /** Our words run from left to right in each of their languages, whatever the page does. */
  readonly #section = el('section', { dir: 'ltr' })
  readonly #live = el('p', { 'aria-live': 'polite', class: 'vh' })
  readonly #closing = new AbortController()
  /** Aborted when the element leaves the page. */
  readonly gone = this.#closing.signal
  sort: string
  #writer: Promise<Writer> | null = null
  #tries = 0
  #next: string | null = null
  #shown = 0
  #step = first
  /** Whether the list begins at a comment the page's address names, perhaps in the middle of the thread. */
  #inside = false
  thread: Thread
  page: Page
  settings: Settings = {}
  /** The form as it stands before anybody writes: one labelled line. form.ts makes it whole, in place. */
  form: HTMLFormElement | null = null

  constructor(
    readonly host: HTMLElement,
    readonly config: Config,
    readonly root: ShadowRoot,
  ) {
    this.sort = config.sort
    this.thread = new Thread(this.t)
    this.page = { url: config.page, title: config.title, open: true, count: 0 }
    root.replaceChildren(this.#section, this.#live)
    const widths = new ResizeObserver(() => stops(this.#section))
    widths.observe(this.#section)
    this.gone.addEventListener('abort', () => widths.disconnect())
    addEventListener('hashchange', () => this.#follow(addressed()), { signal: this.gone })
  }

  /** Lets go of everything outside the element. */
  close() {
    this.#closing.abort()
  }

  /** The address of something of this site in the API. */
  api(path: string): string {
    return `${this.config.base}api/v1/sites/${encodeURIComponent(this.config.site)}/${path}`
  }

  get #plainPage(): string {
    const { base, site, page } = this.config
    return `${base}sites/${encodeURIComponent(site)}/page?url=${encodeURIComponent(page)}&lang=${this.t.lang}`
  }

  fire(name: 'ready' | 'posted' | 'error', detail: object) {
    this.host.dispatchEvent(new CustomEvent(`aitys:${name}`, { detail, bubbles: true, composed: true }))
  }

  /** Says something to those who listen to the page rather than look at it. */
  say(sentence: string) {
    this.#live.textContent = sentence
  }

  /** Loads the first comments, or those around the one the page's address names, and draws everything. */
  async load(around = addressed()): Promise<void> {
    const spoken = this.#speak()
    const slow = setTimeout(() => spoken.then(() => this.#wait()), 300)
    this.#section.setAttribute('aria-busy', 'true')
    try {
      const listing = await this.#fetch(first, around ? { around } : {})
      await spoken
      if (this.gone.aborted) return
      this.#draw(listing, around)
      this.fire('ready', { page: listing.page.url, count: listing.page.count })
    } catch (cause) {
      await spoken
      this.#fail(cause, around)
    } finally {
      clearTimeout(slow)
      this.#section.removeAttribute('aria-busy')
    }
  }

  /** Learns the page's language; where that cannot be had, English serves. */
  async #speak() {
    const { base, lang } = this.config
    const address = languages[lang]
    if (!address || this.t.lang === lang) return
    try {
      const { reading, form }: typeof import('./words/ru') = await import(new URL(address, base).href)
      this.t = reading
      this.formWords = form
    } catch {
      console.warn(`aitys: the words of ${lang} could not be loaded`)
    }
  }

  #wait() {
    if (this.#section.hasAttribute('aria-busy') && !this.#section.firstChild)
      this.#section.append(el('p', { class: 'u', role: 'status' }, this.t.loading))
  }

  #fetch(limit: number, part: Record<string, string>): Promise<Listing> {
    const { page, lang } = this.config
    return ask(this.api(`comments?${new URLSearchParams({ page, sort: this.sort, limit: `${limit}`, lang, ...part })}`))
  }

  #draw({ page, settings, comments, next }: Listing, around: string | null) {
    const { t } = this
    this.page = page
    this.settings = settings
    this.#next = next
    this.#shown = 0
    this.#step = 2 * first
    this.thread = new Thread(t)
    this.#section.setAttribute('aria-label', t.comments)
    this.#section.lang = t.lang
    for (const c of comments) this.#add(c)
    const top = header(t, page.count, this.sort, sort => this.#resort(sort))
    const parts: Node[] = [top, ...this.#invitation()]
    this.#inside = around !== null && this.thread.article(around) !== null
    if (this.#inside && this.#shown < page.count) parts.push(button(t.whole, () => this.load(null), { class: 'wide' }))
    else if (around && !this.#inside && !kept(this)) parts.push(el('p', { class: 'u', role: 'status' }, t.missing))
    if (!page.count && page.open) parts.push(el('p', { class: 'u invite' }, t.invite))
    this.#section.replaceChildren(...parts, this.thread.list)
    this.#offerMore()
    this.#drawn()
    if (around && this.#inside) this.#follow(around)
  }

  /** Lets the writing part put back what is the reader's own, where there is anything. */
  #drawn() {
    if (this.#writer || kept(this))
      this.writer()
        .then(w => w.drawn())
        .catch(() => {})
  }

  /** The nodes of a comment's text. */
  body(html: string): DocumentFragment {
    return nodes(html)
  }

  /** Counts a comment that was published or taken back just now. */
  recount(by: number) {
    this.page.count += by
    this.#shown += by
    this.#section.querySelector('h2')?.replaceChildren(title(this.t, this.page.count))
  }

  async #resort(sort: 'oldest' | 'newest') {
    this.sort = sort
    await this.load(null)
    this.#section.querySelector<HTMLElement>('.sort [aria-pressed=true]')?.focus()
  }

  /** Rules and form, or why there are none. */
  #invitation(): Node[] {
    const { t, settings, page, config } = this
    if (!page.open) return [el('p', { class: 'box' }, t.closed)]
    this.form ??= closedForm(t, settings.signin_url || `${config.base}moderate/signin`, () => this.#openForm())
    return settings.rules ? [rules(settings.rules), this.form] : [this.form]
  }

  #openForm() {
    const { t, form } = this
    form?.querySelector('.box')?.remove()
    this.writer().then(
      w => w.open(),
      () => form?.append(this.#alert(t.formFailed, t.formKept, () => this.#openForm())),
    )
  }

  /** Returns the writing part, fetched when it is first needed. */
  writer(): Promise<Writer> {
    // A browser may remember a failed import by its address, so each try has its own.
    const again = this.#tries ? `&${this.#tries}` : ''
    this.#writer ??= import(new URL(FORM_ADDRESS + again, this.config.base).href).then(
      (part: typeof import('./form')) => part.attach(this),
    )
    this.#writer.catch(() => {
      this.#writer = null
      this.#tries++
    })
    return this.#writer
  }

  #add(c: Comment) {
    if (c.state === 'approved') this.#shown++
    return this.thread.add(c, c.html !== null && this.page.open ? [this.replyButton(c.id)] : [])
  }

  replyButton(id: string): HTMLElement {
    const reply = button(
      this.t.reply,
      () =>
        this.writer()
          .then(w => w.reply(id))
          .catch(() => {}),
      { part: 'reply' },
    )
    reply.setAttribute('aria-describedby', `by-${id}`)
    return reply
  }

  #offerMore() {
    this.#section.querySelector('.steps')?.remove()
    if (!this.#next) return
    const { t } = this
    const left = this.#inside ? 0 : this.page.count - this.#shown
    const n = number(Math.min(left, this.#step), t)
    const far = left > this.#step
    const label = far ? fill(t.more, { n, m: number(left, t) }) : left > 0 ? fill(t.rest, { n }) : t.further
    const steps = el(
      'div',
      { class: 'row steps' },
      button(label, () => this.#more(), { part: 'more', class: 'wide' }),
    )
    if (far && this.sort === 'oldest') steps.append(button(t.toNewest, () => this.#resort('newest'), { class: 'wide' }))
    this.#section.append(steps)
  }

  async #more() {
    const { t } = this
    this.#section.querySelector('.box.err')?.remove()
    try {
      const { comments, next } = await this.#fetch(this.#step, { after: this.#next ?? '' })
      this.#step = Math.min(2 * this.#step, most)
      this.#next = next
      const added = comments.map(c => this.#add(c))
      this.#offerMore()
      this.#drawn()
      added[0]?.focus({ preventScroll: true })
      this.say(plural(t.loaded, added.length, t))
    } catch (cause) {
      this.#section.append(this.#alert(t.failedMore, '', () => this.#more()))
      this.fire('error', { code: cause instanceof Failure ? cause.code : 'unknown' })
    }
  }

  /** Shows a comment that the page's address names; loads it where it is not here yet. */
  #follow(id: string | null) {
    if (!id) return
    const node = this.thread.reveal(id)
    if (!node) {
      void this.load(id)
      return
    }
    this.#section.querySelector('.hit')?.classList.remove('hit')
    node.classList.add('hit')
    node.scrollIntoView()
    node.focus({ preventScroll: true })
  }

  #fail(cause: unknown, around: string | null) {
    const code = cause instanceof Failure ? cause.code : 'unknown'
    const offline = !navigator.onLine
    const again = () => this.load(around)
    if (offline) addEventListener('online', again, { once: true, signal: this.gone })
    const { unharmed, retry } = this.t
    const box = this.#alert(this.t.failed, offline ? this.t.offline : `${unharmed} ${retry}`, again)
    this.#section.replaceChildren(box)
    this.fire('error', { code })
    if (offline) return
    import(new URL(WHY_ADDRESS, this.config.base).href)
      .then((why: typeof import('./why')) => why.explain(this.config, code))
      .then(helps => helps || box.replaceChildren(box.firstChild as Node, el('p', {}, unharmed)))
      .catch(() => {}) // nothing answers: the button may help
  }

  #alert(what: string, then: string, again: () => void): HTMLElement {
    return alert(this.t, this.#plainPage, what, then, again)
  }
}

/** Makes each block of code that has to be scrolled a stop for the keyboard, and no other. */
function stops(root: HTMLElement) {
  for (const pre of root.querySelectorAll('pre'))
    if (pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0
    else pre.removeAttribute('tabindex')
}

/** The comment that the page's address names. */
function addressed(): string | null {
  return /^#aitys-([\w-]+)$/.exec(location.hash)?.[1] ?? null
}

/** Reports whether this browser keeps a draft of the page, or comments of one's own that may be on it. */
function kept({ config, page }: View): boolean {
  try {
    const [drafts, own] = [`draft:${page.url}`, 'own'].map(what => localStorage.getItem(`aitys:${config.site}:${what}`))
    return !!drafts || !!own?.includes(JSON.stringify(page.url))
  } catch {
    return false
  }
}
