/** Maps keyboard events to keys: a letter, a digit, '/', '?', 'enter', 'escape', or '' for others. */
export interface Keys {
  read(event: KeyboardEvent): string
}

/**
 * Returns a reader of keys. It reads letters by character on Latin layouts, otherwise by physical position, so that `a`
 * is the same key on a Russian layout. It reads digits by position, because on some layouts they need Shift or are
 * letters.
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
      if (event.code === 'Minus' && !event.shiftKey) return '-'
      if (event.code === 'Equal' && !event.shiftKey) return '='
      if (typed === '/' || typed === '?') return typed // Shift and a digit on some layouts
      if (digit) return digit
      if (event.code === 'Slash' && (!latin || typed.charCodeAt(0) > 127)) return event.shiftKey ? '?' : '/'
      if (typed === 'enter' || typed === 'escape') return typed
      return ''
    },
  }
}

const setting = 'aitys-keys'

/** Reports whether keys are on. The setting is stored in the browser. */
export function keysOn(): boolean {
  return localStorage.getItem(setting) !== 'off'
}

/** Turns keys on or off, and stores the setting. */
export function turnKeys(on: boolean): void {
  if (on) localStorage.removeItem(setting)
  else localStorage.setItem(setting, 'off')
  document.documentElement.toggleAttribute('data-keys', on)
}
