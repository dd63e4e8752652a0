/** Live updates of the queue: counts, announced arrivals, changes by others, and presence. */
import { idOf, versionOf } from './cards'
import { type Person, Presence } from './presence'
import { type Queue, title } from './queue'
import { element } from './toast'
import { say, write } from './words'

const announceEvery = 5000
const lookEvery = 10000
/** So many cards are asked about at once when the stream opens. */
const askedAtOnce = 100

type Counts = Record<string, number>

export class Live {
  readonly #queue: Queue
  readonly #url: string
  readonly #arrived = new Set<string>()
  #unnamed = 0 // arrivals known by number only
  #waiting = -1
  #announced = 0
  #timer = 0
  #looking = 0
  readonly #presence: Presence

  constructor(queue: Queue) {
    this.#queue = queue
    this.#url = `/api/v1/sites/${encodeURIComponent(queue.site)}/moderation`
    this.#presence = new Presence(queue.cards, `${this.#url}/presence`)
    this.#open()
    element('arrived')
      .querySelector('a')
      ?.addEventListener('click', event => {
        event.preventDefault()
        this.#show()
      })
  }

  #open(): void {
    const source = new EventSource(`${this.#url}/live`)
    source.addEventListener('open', () => {
      this.#stopLooking()
      this.#catchUp()
    })
    source.addEventListener('arrived', event => {
      const { id, shown } = read(event)
      this.#changed(id) // an edit is an arrival, too
      if (!shown) this.#arrive(id)
    })
    source.addEventListener('decided', event => {
      const { id } = read(event)
      if (id && this.#arrived.delete(id)) this.#announce()
      this.#changed(id)
    })
    source.addEventListener('present', event => this.#presence.told(read(event).present ?? []))
    source.addEventListener('counts', event => {
      const { counts, counts_capped } = read(event)
      this.#count(counts ?? {}, counts_capped === true)
    })
    source.addEventListener('error', () => {
      this.#startLooking()
      // A closed source (an answer other than 200) does not come back by itself.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.#open(), lookEvery)
    })
    addEventListener('pagehide', () => source.close())
  }

  #arrive(id: string | undefined): void {
    const view = this.#queue.cards.list.dataset.view
    if (!id || this.#queue.cards.has(id) || (view !== 'pending' && view !== 'suspected')) return
    this.#arrived.add(id)
    this.#announce()
  }

  /** Says how many have arrived, at most every five seconds. */
  #announce(): void {
    clearTimeout(this.#timer)
    const wait = this.#announced + announceEvery - Date.now()
    if (wait > 0) {
      this.#timer = window.setTimeout(() => this.#announce(), wait)
      return
    }
    this.#announced = Date.now()
    for (const id of this.#arrived) if (this.#queue.cards.has(id)) this.#arrived.delete(id)
    const n = this.#arrived.size + this.#unnamed
    const line = element('arrived')
    this.#queue.cards.steady(() => {
      line.hidden = n === 0
    })
    const words = line.querySelector('span')
    if (words) words.textContent = n === 0 ? '' : say('arrived', { n })
  }

  /** Inserts what has arrived. What stands on a later page is shown by the newest first. */
  async #show(): Promise<void> {
    const inserted = await this.#queue.refresh().catch(() => 0)
    if (inserted === 0) {
      const url = new URL(location.href)
      url.searchParams.delete('after')
      url.searchParams.set('sort', 'newest')
      location.href = url.href
      return
    }
    this.#arrived.clear()
    this.#unnamed = 0
    this.#announced = 0
    this.#announce()
  }

  /** Shows changes by others from before the stream opened or reopened. */
  async #catchUp(): Promise<void> {
    const cards = this.#queue.cards.all
    for (let at = 0; at < cards.length; at += askedAtOnce) {
      const asked = cards.slice(at, at + askedAtOnce)
      const query = asked.map(card => `id=${encodeURIComponent(idOf(card))}&version=${versionOf(card)}`)
      const response = await fetch(`${this.#url}/comments?${query.join('&')}`).catch(() => undefined)
      if (!response?.ok) return
      const { comments } = (await response.json()) as { comments: { comment: { id: string } }[] }
      for (const { comment } of comments) this.#changed(comment.id)
    }
  }

  #changed(id: string | undefined): void {
    if (id && this.#queue.cards.find(id)) this.#queue.changed(id)
  }

  #count(counts: Counts, capped: boolean): void {
    for (const [view, n] of Object.entries(counts)) {
      const count = document.querySelector(`[data-count="${view}"]`)
      if (count) count.textContent = capped && n >= 1000 ? `${write(1000)}+` : write(n)
    }
    title()
    this.#waiting = counts.pending ?? this.#waiting
    const here = counts[this.#queue.cards.list.dataset.view ?? ''] ?? 0
    if (this.#queue.onward.counted(here) && this.#arrived.size + this.#unnamed === 0) this.#find()
  }

  /** Tells of what stands in a list that is empty here, as somebody else's undo leaves it. */
  async #find(): Promise<void> {
    const n = await this.#queue.onward.look().catch(() => 0)
    if (n === 0) this.#queue.onward.go()
    else if (this.#arrived.size === 0) this.#unnamed = n
    this.#announce()
  }

  #startLooking(): void {
    if (this.#looking === 0) this.#looking = window.setInterval(() => this.#look(), lookEvery)
  }

  #stopLooking(): void {
    clearInterval(this.#looking)
    this.#looking = 0
  }

  /** Without the stream: asks for the counts. */
  async #look(): Promise<void> {
    const response = await fetch(`${this.#url}/queue?limit=1`).catch(() => undefined)
    if (!response?.ok) return
    const before = this.#waiting
    const { counts, counts_capped } = (await response.json()) as { counts: Counts; counts_capped?: boolean }
    this.#count(counts, counts_capped === true)
    if (before >= 0 && this.#waiting > before) {
      this.#unnamed += this.#waiting - before
      this.#announce()
    }
  }
}

function read(event: Event): {
  id?: string
  shown?: boolean
  counts?: Counts
  counts_capped?: boolean
  present?: Person[]
} {
  return JSON.parse((event as MessageEvent<string>).data)
}
