declare module "style.css" {
  const css: string;
  export default css;
}
