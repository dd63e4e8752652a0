declare const FORM_ADDRESS: string
console.debug(FORM_ADDRESS)
