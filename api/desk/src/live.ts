/** Live updates of the queue: counts, new comments, changes by other users, and presence. */
import { idOf, siteOf, versionOf } from './cards'
import { countsOf, hasSiteCounts } from './counts'
import { type Person, Presence } from './presence'
import { type Queue, title } from './queue'
import { element } from './toast'
import { say, write } from './words'

const announceInterval = 5000
const pollInterval = 10000
/** Cards per request when the stream opens. */
const batchSize = 100

type Counts = Record<string, number>

export class Live {
  readonly #queue: Queue
  readonly #url: string
  readonly #arrived = new Set<string>()
  #unknownArrivals = 0 // number of arrivals without known IDs
  #waiting = -1
  #announced = 0
  #timer = 0
  #pollTimer = 0
  readonly #presence: Presence

  constructor(queue: Queue) {
    this.#queue = queue
    this.#url = moderation(document.body.dataset.site)
    this.#presence = new Presence(queue.cards, `${this.#url}/presence`, words => queue.tell(words))
    this.#open()
    element('arrived')
      .querySelector('a')
      ?.addEventListener('click', event => {
        event.preventDefault()
        this.#showArrivals()
      })
  }

  #open(): void {
    const source = new EventSource(`${this.#url}/live`)
    source.addEventListener('open', () => {
      this.#stopPolling()
      this.#catchUp()
    })
    source.addEventListener('arrived', event => {
      const { id, shown } = read(event)
      this.#changed(id) // an edit also fires "arrived"
      if (!shown) this.#arrive(id)
    })
    source.addEventListener('decided', event => {
      const { id } = read(event)
      if (id && this.#arrived.delete(id)) this.#announce()
      this.#changed(id)
    })
    source.addEventListener('present', event => this.#presence.update(read(event).present ?? []))
    source.addEventListener('counts', event => {
      const { counts, counts_capped, sites } = read(event)
      this.#count(counts ?? {}, counts_capped === true)
      for (const { key, pending } of sites ?? []) set(countsOf('pending', key), pending, true)
    })
    source.addEventListener('error', () => {
      this.#startPolling()
      // A closed source (a response other than 200) does not reconnect.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#open(), pollInterval)
    })
    addEventListener('pagehide', () => source.close())
  }

  #arrive(id: string | undefined): void {
    const view = this.#queue.cards.list.dataset.view
    if (!id || this.#queue.cards.has(id) || (view !== 'pending' && view !== 'suspected')) return
    this.#arrived.add(id)
    this.#announce()
  }

  /** Announces the number of new comments, at most every five seconds. */
  #announce(): void {
    clearTimeout(this.#timer)
    const wait = this.#announced + announceInterval - Date.now()
    if (wait > 0) {
      this.#timer = window.setTimeout(() => this.#announce(), wait)
      return
    }
    this.#announced = Date.now()
    for (const id of this.#arrived) if (this.#queue.cards.has(id)) this.#arrived.delete(id)
    const n = this.#arrived.size + this.#unknownArrivals
    const line = element('arrived')
    this.#queue.cards.steady(() => {
      line.hidden = n === 0
    })
    const words = line.querySelector('span')
    if (words) words.textContent = n === 0 ? '' : say('arrived', { n })
  }

  /** Inserts new comments. If they belong to a later page, it loads the list sorted by newest. */
  async #showArrivals(): Promise<void> {
    const inserted = await this.#queue.refresh().catch(() => 0)
    if (inserted === 0) {
      const url = new URL(location.href)
      for (const name of ['after', 'at']) url.searchParams.delete(name)
      url.searchParams.set('sort', 'newest')
      location.href = url.href
      return
    }
    this.#arrived.clear()
    this.#unknownArrivals = 0
    this.#announced = 0
    this.#announce()
  }

  /** Shows changes by other users that happened before the stream opened or reopened. */
  async #catchUp(): Promise<void> {
    const cards = this.#queue.cards.all
    for (const site of new Set(cards.map(siteOf))) {
      const own = cards.filter(card => siteOf(card) === site)
      for (let at = 0; at < own.length; at += batchSize) {
        const asked = own.slice(at, at + batchSize)
        const query = asked.map(card => `id=${encodeURIComponent(idOf(card))}&version=${versionOf(card)}`)
        const response = await fetch(`${moderation(site)}/comments?${query.join('&')}`).catch(() => undefined)
        if (!response?.ok) return
        const { comments } = (await response.json()) as { comments: { comment: { id: string } }[] }
        for (const { comment } of comments) this.#changed(comment.id)
      }
    }
  }

  #changed(id: string | undefined): void {
    if (id && this.#queue.cards.find(id)) this.#queue.changed(id)
  }

  #count(counts: Counts, capped: boolean): void {
    const { site } = document.body.dataset
    const ofAll = !site || !hasSiteCounts() // the counts are those of the rail too
    for (const [view, n] of Object.entries(counts)) {
      set(countsOf('count', view), n, capped)
      if (ofAll) set(countsOf('everywhere', view), n, capped)
    }
    if (site && counts.pending !== undefined) set(countsOf('pending', site), counts.pending, capped)
    title()
    this.#waiting = counts.pending ?? this.#waiting
    const here = counts[this.#queue.cards.list.dataset.view ?? ''] ?? 0
    if (this.#queue.onward.counted(here) && this.#arrived.size + this.#unknownArrivals === 0) this.#announceReopened()
  }

  /** Announces comments of the view if the list here is empty, as after another user's undo. */
  async #announceReopened(): Promise<void> {
    const n = await this.#queue.onward.look().catch(() => 0)
    if (n === 0) this.#queue.onward.go()
    else if (this.#arrived.size === 0) this.#unknownArrivals = n
    this.#announce()
  }

  #startPolling(): void {
    if (this.#pollTimer === 0) this.#pollTimer = window.setInterval(() => this.#poll(), pollInterval)
  }

  #stopPolling(): void {
    clearInterval(this.#pollTimer)
    this.#pollTimer = 0
  }

  /** Polls the counts while the stream is down. */
  async #poll(): Promise<void> {
    const response = await fetch(`${this.#url}/queue?limit=1`).catch(() => undefined)
    if (!response?.ok) return
    const before = this.#waiting
    const { counts, counts_capped } = (await response.json()) as { counts: Counts; counts_capped?: boolean }
    this.#count(counts, counts_capped === true)
    if (before >= 0 && this.#waiting > before) {
      this.#unknownArrivals += this.#waiting - before
      this.#announce()
    }
  }
}

/** Shows a count in elements. Capped counts end at 1,000. */
function set(elements: HTMLElement[], n: number, capped: boolean): void {
  for (const count of elements) count.textContent = capped && n >= 1000 ? `${write(1000)}+` : write(n)
}

/** Returns the root of the moderation API of a site, or of all sites. */
function moderation(site: string | undefined): string {
  return site ? `/api/v1/sites/${encodeURIComponent(site)}/moderation` : '/api/v1/moderation'
}

function read(event: Event): {
  id?: string
  shown?: boolean
  counts?: Counts
  counts_capped?: boolean
  sites?: { key: string; pending: number }[]
  present?: Person[]
} {
  return JSON.parse((event as MessageEvent<string>).data)
}
