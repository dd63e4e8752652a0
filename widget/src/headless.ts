/** A client for pages that draw comments themselves. Its types are in integrations/headless. */

import type {
  Comment,
  createThread as Create,
  Events,
  Listing,
  Preview,
  Submitted,
} from '../../integrations/headless/aitys'
import { request } from './client'
import { newKey, post } from './sending'

export const createThread: typeof Create = ({ base, site, page, title = '', lang = 'en', sort = 'oldest' }) => {
  const root = `${base.replace(/\/?$/, '/')}api/v1/sites/${encodeURIComponent(site)}/`
  let next: string | null = null
  let formToken: Promise<string | null> | null = null
  const list = async (after: Record<string, string>) => {
    const query = new URLSearchParams({ page, sort, lang, ...after })
    const listing = await request<Listing>(`${root}comments?${query}`, { cache: 'no-cache' })
    next = listing.next
    return listing
  }
  const own = (id: string) => `${root}comments/${encodeURIComponent(id)}`
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

  return {
    load: () => list({}),
    more: async () => (next ? (await list({ after: next })).comments : []),
    open() {
      formToken ??= request<{ token: string }>(`${root}form`, { cache: 'no-store' }).then(
        answer => answer.token,
        () => null,
      )
    },
    preview: body => post<Preview>(`${root}preview`, { body }),
    async submit({ body, parent = null, name = null, email = null, website = null, identity }) {
      const author = identity ? { identity } : { name, email, website }
      const token = await formToken
      const comment = { page: { url: page, title }, parent, author, body, ...(token ? { form: { token } } : {}) }
      const answer = await post<Submitted>(`${root}comments`, comment, { 'Idempotency-Key': newKey() })
      formToken = null
      return answer
    },
    edit: (id, token, body) =>
      request<Submitted>(own(id), {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', ...bearer(token) },
        body: JSON.stringify({ body }),
      }),
    withdraw: (id, token) => request<void>(own(id), { method: 'DELETE', headers: bearer(token) }),
    follow(events: Events) {
      const source = new EventSource(`${root}live?${new URLSearchParams({ page })}`)
      const on = <T>(name: string, handle: (data: T) => void) =>
        source.addEventListener(name, event => handle(JSON.parse((event as MessageEvent<string>).data || 'null')))
      on<Comment>('comment', comment => events.comment?.(comment))
      on<{ id: string }>('removed', removed => events.removed?.(removed))
      on<{ count: number }>('count', ({ count }) => events.count?.(count))
      on('reload', () => events.reload?.())
      return () => source.close()
    },
  }
}
