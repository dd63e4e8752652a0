/** Whether what an address says as the service is of the kinds that the service says: nothing of it then fails or runs. */

import { type Comment, Failure, type Listing } from './client'
import { safe } from './markup'

/** A comment may stand around others that were asked for; and nobody's text has so many tags. */
const around = 4
const mostTags = 4_000

type Is = (value: unknown) => boolean

const text: Is = value => typeof value === 'string'
const number: Is = value => Number.isFinite(value)
const either: Is = value => typeof value === 'boolean'
const id: Is = value => typeof value === 'string' && /^[\w-]{1,64}$/.test(value)
const time: Is = value => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const maybe =
  (is: Is): Is =>
  value =>
    value == null || is(value)
const object = (kinds: Record<string, Is>): Is => {
  const all = Object.entries(kinds)
  return value => value instanceof Object && all.every(([name, is]) => is((value as Record<string, unknown>)[name]))
}

const isPage = object({ url: text, title: text, open: either, count: number })

const isSettings = object({
  rules: maybe(text),
  signin_url: maybe(value => !value || (typeof value === 'string' && !!safe(value))),
  max_length: maybe(number),
  votes: maybe(either),
  who: maybe(text),
  mail: maybe(either),
  providers: maybe(value => Array.isArray(value) && value.every(text)),
  usually: maybe(text),
})

const isComment = object({
  id,
  version: number,
  parent: maybe(id),
  state: text,
  author: maybe(object({ name: maybe(text), badge: maybe(text), url: maybe(text) })),
  html: maybe(text),
  lang: maybe(text),
  created_at: time,
  edited_at: maybe(time),
  redacted_at: maybe(time),
  votes: maybe(number),
  withheld: maybe(object({ by: maybe(text), kind: text, law: text, at: time })),
})

/** Returns a listing that so many comments were asked for, or throws where the service would not say that. */
export function sound(said: unknown, limit: number): Listing {
  const { page, settings, comments, next } = Object(said) as Listing
  const tags = (all: Comment[]) => all.reduce((n, { html }) => n + (html?.split('<').length ?? 0), 0)
  if (
    !isPage(page) ||
    !isSettings(settings) ||
    !maybe(text)(next) ||
    !Array.isArray(comments) ||
    comments.length > around * limit ||
    !comments.every(isComment) ||
    tags(comments) > mostTags * limit
  )
    throw new Failure('unknown')
  return { page, settings, comments, next }
}
