/** What files of captions call the photo (or clip) and its caption: columns of CSV, keys of JSONL. */
export const IMAGE_NAMES: readonly string[] = ['image', 'image_name', 'image_path', 'image_file', 'img', 'filename', 'file_name', 'file', 'path', 'video', 'clip'];
export const CAPTION_NAMES: readonly string[] = ['caption', 'captions', 'caption_text', 'comment', 'text', 'sentence', 'description'];
