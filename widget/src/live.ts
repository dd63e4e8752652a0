/** Follows a page: what is published while it is read, and what is taken away. Loaded a while after the comments. */

import buttons from './buttons.css'
import type { Comment } from './client'
import { button, icon } from './dom'
import { type LiveWords, plural } from './i18n'
import sheet from './live.css'
import type { View } from './view'
import { live as inEnglish, steps } from './words/en'

/** So long it takes at most until a stream says its first word, and so often is looked where there is none. */
const patience = 15_000
const lookEvery = 60_000

/** So long the comments of a page that many read may lack one that was just approved. */
const late = 3_500

/** Browsers open six connections to a host over HTTP/1.1: of all tabs of this origin so many keep one. */
const streams = 2

/** Most browsers keep what is in sight where it is; for the others it is done here. */
const anchored = CSS.supports('overflow-anchor', 'auto')

const down = 'M4 6l4 4 4-4'

/** Begins to follow the page of a view, until that leaves its own. */
export function follow(view: View) {
  // Who points at a time is told in full, as their browser says it.
  view.section.addEventListener('mouseover', ({ target }) => {
    if (target instanceof HTMLTimeElement) target.title = new Date(target.dateTime).toLocaleString()
  })
  if (view.copy) return // nothing comes
  new Live(view)
}

class Live {
  readonly #view: View
  readonly #t: LiveWords
  /** What came and is not shown yet, and how many more there are of which nothing else is known. */
  readonly #fresh = new Map<string, Comment>()
  #others = 0
  readonly #pill = button('', () => this.#show(), { class: 'wide new' })
  #source: EventSource | null = null
  #letGo: (() => void) | null = null
  #opening = false
  /** The id of the last event: the stream goes on from there. */
  #last = ''
  /** Whether a stream has said how many there are: what differs the first time was missed before. */
  #heard = false

  constructor(view: View) {
    this.#view = view
    const styles = new CSSStyleSheet()
    styles.replaceSync(buttons + sheet)
    view.root.adoptedStyleSheets = [...view.root.adoptedStyleSheets, styles]
    this.#t = view.spoken?.live ?? inEnglish
    const signal = view.gone
    document.addEventListener('visibilitychange', () => this.#turn(), { signal })
    view.host.addEventListener('aitys:ready', () => this.#forget(), { signal })
    const looking = setInterval(() => this.#minute(), lookEvery)
    signal.addEventListener('abort', () => {
      clearInterval(looking)
      this.#close()
    })
    this.#turn()
  }

  /** A tab that nobody sees keeps no connection. */
  #turn() {
    if (document.hidden) this.#close()
    else void this.#open()
  }

  #minute() {
    if (document.hidden || this.#source) return
    void this.#look()
    void this.#open()
  }

  async #open() {
    // A stream has no bound: who may be a stranger is asked anew from time to time.
    if (this.#source || this.#opening || this.#view.mirrored) return
    this.#opening = true
    const letGo = await place()
    this.#opening = false
    if (!letGo) return
    this.#letGo = letGo
    if (document.hidden || this.#view.gone.aborted) return this.#close()
    const asked = new URLSearchParams({ page: this.#view.config.page })
    if (this.#last) asked.set('after', this.#last)
    const source = new EventSource(this.#view.api(`live?${asked}`))
    this.#source = source
    // Some proxies keep a stream back until it ends.
    const silent = setTimeout(() => this.#close(), patience)
    const on = (name: string, told: (data: string) => void) =>
      source.addEventListener(name, event => {
        clearTimeout(silent)
        if (event.lastEventId) this.#last = event.lastEventId
        told(event.data)
      })
    on('comment', data => this.#arrived(JSON.parse(data)))
    on('removed', data => this.#removed(JSON.parse(data)))
    on('count', data => this.#counted(JSON.parse(data).count))
    on('reload', () => void this.#look())
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.#close() // it was refused: look every minute
    })
  }

  #close() {
    this.#source?.close()
    this.#letGo?.()
    this.#source = this.#letGo = null
  }

  /** What was drawn anew shows everything. */
  #forget() {
    this.#fresh.clear()
    this.#others = 0
    this.#pill.remove()
  }

  #counted(count: number) {
    const missed = count !== this.#view.page.count && !this.#fresh.size
    if (missed && !this.#heard) void this.#look(count)
    else this.#view.count(count)
    this.#heard = true
  }

  #arrived(c: Comment) {
    const { thread, root } = this.#view
    const here = thread.comment(c.id)
    if (!here) {
      this.#fresh.set(c.id, c)
      this.#offer()
    } else if (root.getElementById(`aitys-${c.id}`)?.classList.contains('own')) {
      void this.#view.writer().then(w => w.heard(c.id))
    } else if (here.version !== c.version || here.html === null) {
      this.#inPlace(() => this.#view.add(c))
    }
  }

  /** Leaves the place of a comment, and says of it what was told. */
  #removed({ id, state = 'removed', withheld = null }: Pick<Comment, 'id' | 'withheld'> & { state?: string }) {
    const view = this.#view
    const { thread } = view
    if (this.#fresh.delete(id)) this.#offer()
    const c = thread.comment(id)
    if (!c || (c.html === null && c.state === state) || thread.article(id)?.classList.contains('own')) return
    this.#inPlace(() => view.add({ ...c, author: null, html: null, state, withheld }))
    if (state === 'withheld') view.use<typeof import('./rare')>('rare', part => part.drawn(view))
  }

  /** Asks for the comments anew, and compares: where no stream says what happened, or too much did; once more where
      there are fewer than it told. */
  async #look(told = 0) {
    const view = this.#view
    const nothing = { page: null, comments: [], next: null }
    const { page, comments, next } = await view.fetch(100, { sort: 'newest' }).catch(() => nothing)
    if (!page || view.gone.aborted) return
    if (page.count < told) setTimeout(() => void this.#look(), late)
    const more = page.count - view.page.count
    view.count(page.count)
    for (const c of comments) {
      // Of a thread that is here in part nobody knows which of the rest came just now.
      if (c.html === null) this.#removed(c)
      else if (!view.next || view.thread.comment(c.id)) this.#arrived(c)
    }
    const all = new Set(comments.map(c => `aitys-${c.id}`))
    for (const { id } of next ? [] : view.thread.list.querySelectorAll('article'))
      if (!all.has(id)) this.#removed({ id: id.slice('aitys-'.length) })
    if (view.next && more > 0) {
      this.#others += more
      this.#offer()
    }
  }

  /** Says how many there are, where they will appear; nothing that is being read moves. */
  #offer() {
    const n = this.#fresh.size + this.#others
    const { config, thread, t } = this.#view
    if (!n) return this.#pill.remove()
    this.#pill.replaceChildren(icon(down), plural(this.#t.show, n, t))
    if (this.#pill.isConnected) return
    this.#inPlace(() => thread.list[config.sort === 'oldest' ? 'after' : 'before'](this.#pill))
    this.#view.say(plural(this.#t.came, n, t))
  }

  #show() {
    const view = this.#view
    if (this.#others) return void view.resort('newest')
    const fresh = [...this.#fresh.values()].sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
    this.#forget()
    let first: HTMLElement | null = null
    this.#inPlace(() => {
      for (const c of fresh) {
        if (c.parent && view.next && !view.thread.comment(c.parent)) continue // it comes with those around it
        const node = view.add(c, view.config.sort !== 'oldest')
        if (!c.parent && view.next) view.late.push(c.id)
        first ??= node
      }
    })
    ;(first as HTMLElement | null)?.focus({ preventScroll: true })
    view.say(plural((view.spoken?.steps ?? steps).loaded, fresh.length, view.t))
  }

  /** Changes the list, and keeps what is in sight where it is. */
  #inPlace(change: () => void) {
    const { root } = this.#view
    const focused = root.activeElement?.closest('article')?.id
    const articles = [...this.#view.thread.list.querySelectorAll('article')]
    const seen = anchored ? undefined : articles.find(a => a.getBoundingClientRect().bottom > 0)
    const before = seen?.getBoundingClientRect().top
    change()
    if (focused && !root.activeElement) root.getElementById(focused)?.focus({ preventScroll: true })
    if (seen?.isConnected && before !== undefined) scrollBy(0, seen.getBoundingClientRect().top - before)
  }
}

/** Takes one of the places for a stream, and returns what gives it back; null where there is none. */
async function place(): Promise<(() => void) | null> {
  for (let n = 0; n < streams; n++) {
    const letGo = await new Promise<(() => void) | null>(resolve => {
      // Without locks, on a page without https, there would be no telling how many tabs have one.
      const asked = navigator.locks?.request(`aitys:live:${n}`, { ifAvailable: true }, lock =>
        lock ? new Promise<void>(done => resolve(done)) : resolve(null),
      )
      if (asked) asked.catch(() => resolve(null))
      else resolve(null)
    })
    if (letGo) return letGo
  }
  return null
}
