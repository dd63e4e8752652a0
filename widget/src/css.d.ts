/** The build turns a sheet into its minified text. */
declare module '*.css' {
  const text: string
  export default text
}
