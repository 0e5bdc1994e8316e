/** What a language model may be made of, and how it may be trained: the choices that commands offer, with defaults. */
export {
  type Feedback,
  FEEDBACKS,
  LANGUAGE_MODEL_KINDS,
  languageModelDefaults,
  type LanguageModelKind,
  TOKEN_INPUTS,
  type TokenInput,
} from '../../models/language-model/index.js';
export { DOCUMENT_KINDS, type DocumentKind } from '../../text/corpus.js';
export { TEXT_UNITS, type TextUnit } from '../../text/tokenizer.js';
