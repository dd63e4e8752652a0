/** Which key of ours an event means: a letter, a digit, '/', '?', 'enter' or 'escape'. */
export interface Keys {
  read(event: KeyboardEvent): string
}

/**
 * Reads letters as they are typed; where the layout is not Latin, by the place of the key, so
 * that `a` is the same key on a Russian layout. Digits are read by place on any layout: on
 * some they need Shift, or are letters.
 */
export function keys(): Keys {
  let latin = true
  return {
    read(event) {
      const typed = event.key.toLowerCase()
      const letter = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase()
      if (/^[a-z]$/.test(typed)) {
        latin = true
        return typed
      }
      if (letter && typed.length === 1) {
        latin = false
        return letter
      }
      const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1]
      if (digit && !event.shiftKey) return digit
      if (typed === '/' || typed === '?') return typed // on some layouts Shift and a digit
      if (digit) return digit
      if (event.code === 'Slash' && (!latin || typed.charCodeAt(0) > 127)) return event.shiftKey ? '?' : '/'
      if (typed === 'enter' || typed === 'escape') return typed
      return ''
    },
  }
}

const setting = 'aitys-keys'

/** Whether keys are on; the choice is kept in the browser. */
export function keysOn(): boolean {
  return localStorage.getItem(setting) !== 'off'
}

/** Turns keys on or off, here and from now on. */
export function turnKeys(on: boolean): void {
  if (on) localStorage.removeItem(setting)
  else localStorage.setItem(setting, 'off')
  document.documentElement.toggleAttribute('data-keys', on)
}
