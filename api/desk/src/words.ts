/** What the page says in its language; the server renders it into the page. */
type Message = string | Partial<Record<Intl.LDMLPluralRule, string>>

const root = document.documentElement
const messages = JSON.parse(document.body.dataset.words ?? '{}') as Record<string, Message>
const rules = new Intl.PluralRules(root.lang)

/** Says a message; values stand in it in braces, and n chooses the form. */
export function say(key: string, values: Record<string, string | number> = {}): string {
  const message = messages[`js.${key}`]
  if (message === undefined) return ''
  const n = Number(values.n ?? 0)
  const text = typeof message === 'string' ? message : (message[rules.select(n)] ?? message.other ?? message.many ?? '')
  return text.replace(/\{(\w+)\}/g, (slot, name: string) => String(values[name] ?? slot))
}
