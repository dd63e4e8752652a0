/**
 * Words of the reading part, and how sentences are made of them. English is here; ru.ts and kk.ts are
 * files of their own, fetched by the pages that need them. A plural lists its forms with `|`: one, few,
 * many and the rest, or fewer.
 */

export type Lang = 'en' | 'ru' | 'kk'

export const en = {
  lang: 'en' as Lang,
  comments: 'Comments',
  count: '{n} comment|{n} comments',
  none: 'No comments yet',
  invite: 'Be the first. A question is as welcome as a thought.',
  order: 'Order',
  oldest: 'Oldest',
  newest: 'Newest',
  comment: 'Comment',
  write: 'Write a comment',
  login: 'Authors, please log in',
  anonymous: 'Anonymous',
  author: 'Author',
  moderator: 'Moderator',
  owner: 'Owner',
  now: 'just now',
  edited: 'edited',
  to: 'to {name}',
  reply: 'Reply',
  replies: '{n} reply|{n} replies',
  gone: 'This comment was removed.',
  more: 'Load {n} more of {m}',
  rest: 'Load {n} more',
  further: 'Load more',
  loaded: '{n} more comment loaded.|{n} more comments loaded.',
  whole: 'Show all comments',
  missing: 'The comment this link leads to is not here. These are all the comments.',
  closed: 'Comments on this page are closed. You can read them and link to them.',
  loading: 'Loading comments…',
  failed: 'Comments could not be loaded.',
  failedMore: 'No more comments could be loaded.',
  offline: 'You are offline. They will be loaded when the connection is back.',
  unharmed: 'The article is not affected. You can try again, or read the {link}.',
  plain: 'plain page',
  again: 'Try again',
  formFailed: 'The form could not be loaded.',
  formKept: 'What you wrote is still here. You can try again, or use the {link}.',
}

/** A date as it stands beside a comment: of this year, of another, or in full with the time. */
type Length = 'day' | 'year' | 'full'

/** How a language says times of its own accord. Browsers know English and Russian, and some no Kazakh. */
interface Times {
  since(n: number, unit: 'minute' | 'hour' | 'day'): string
  date(of: Date, length: Length): string
}

export type Words = typeof en & { times?: Times }

/** Fills `{name}` places of a sentence. */
export function fill(sentence: string, values: Record<string, string>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/** Picks the plural form for n and fills it in. */
export function plural(forms: string, n: number, t: Words): string {
  const all = forms.split('|')
  const index = { one: 0, few: 1, many: 2 }[new Intl.PluralRules(t.lang).select(n) as string] ?? 9
  return fill(all[Math.min(index, all.length - 1)] ?? '', { n: number(n, t) })
}

export function number(n: number, { lang }: Words): string {
  return new Intl.NumberFormat(lang === 'en' ? lang : 'ru').format(n) // Kazakh writes numbers as Russian does
}

/** Says when, as people do: "2 hours ago", "yesterday", then the date. */
export function ago(then: Date, now: Date, t: Words): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000)
  if (minutes < 1) return t.now
  const say = (n: number, unit: 'minute' | 'hour' | 'day') =>
    t.times?.since(n, unit) ?? new Intl.RelativeTimeFormat(t.lang, { numeric: 'auto' }).format(-n, unit)
  if (minutes < 60) return say(minutes, 'minute')
  if (minutes < 24 * 60) return say(Math.floor(minutes / 60), 'hour')
  const days = Math.round((midnight(now) - midnight(then)) / 86_400_000)
  return days < 30 ? say(days, 'day') : date(then, t, then.getFullYear() === now.getFullYear() ? 'day' : 'year')
}

export function date(of: Date, { lang, times }: Words, length: Length): string {
  if (times) return times.date(of, length)
  if (length === 'full') return new Intl.DateTimeFormat(lang, { dateStyle: 'long', timeStyle: 'short' }).format(of)
  const year = length === 'year' ? ({ year: 'numeric' } as const) : {}
  return new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', ...year }).format(of)
}

function midnight(of: Date): number {
  return new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime()
}
