/**
 * The captioned sets that are known by name: which of their publisher's files have captions, which lists, and how much
 * there is to be.
 */

/** A file with captions. */
export interface CaptionsFile {
  /** Its base name. */
  readonly name: RegExp;
  /** The split of its photos, when it is of one. */
  readonly split?: string;
  /** Photos with captions by split, as published (`all`: of no split). */
  readonly photos?: Readonly<Record<string, number>>;
}

export interface CaptionSet {
  readonly name: string;
  readonly sources: string;
  /** Files that belong together; the first group of which there is one is read. */
  readonly alternatives: readonly (readonly CaptionsFile[])[];
  /** Lists that tell the splits of captions that name none. */
  readonly lists?: RegExp;
  /** Files that tell what a photo shows. */
  readonly categories?: RegExp;
  /** Photos in the publisher's archives, when all of them are in the set. */
  readonly photos?: number;
}

const FLICKR8K_PARTS = { train: 6000, val: 1000, test: 1000 };

/** Hodosh et al. 2013. */
const flickr8k: CaptionSet = {
  name: 'flickr8k',
  sources: 'Flickr8k_Dataset.zip Flickr8k_text.zip (or dataset_flickr8k.json of caption_datasets.zip for the latter)',
  alternatives: [
    [{ name: /^Flickr8k\.token\.txt$/, photos: FLICKR8K_PARTS }],
    [{ name: /^dataset_flickr8k\.json$/, photos: FLICKR8K_PARTS }],
    [{ name: /^captions\.txt$/ }],
  ],
  lists: /^Flickr_8k\.(?:train|dev|test)Images\.txt$/,
  photos: 8091,
};

/** Young et al. 2014; the splits are Karpathy's, which come with his captions. */
const flickr30k: CaptionSet = {
  name: 'flickr30k',
  sources: 'flickr30k-images.tar.gz with caption_datasets.zip (Karpathy: has splits) or flickr30k.tar.gz (has none)',
  alternatives: [
    [{ name: /^dataset_flickr30k\.json$/, photos: { train: 29_000, val: 1014, test: 1000 } }],
    [{ name: /^results_20130124\.token$/, photos: { all: 31_783 } }],
    [{ name: /^results\.csv$/ }],
  ],
  photos: 31_783,
};

/** Lin et al. 2014, Chen et al. 2015. */
const coco: CaptionSet = {
  name: 'coco',
  sources: 'annotations_trainval2017.zip with train2017.zip, val2017.zip or both; or 2014, with or without Karpathy',
  alternatives: [
    [{ name: /^dataset_coco\.json$/, photos: { train: 113_287, val: 5000, test: 5000 } }],
    [
      { name: /^captions_train2017\.json$/, split: 'train', photos: { train: 118_287 } },
      { name: /^captions_val2017\.json$/, split: 'val', photos: { val: 5000 } },
      { name: /^captions_train2014\.json$/, split: 'train', photos: { train: 82_783 } },
      { name: /^captions_val2014\.json$/, split: 'val', photos: { val: 40_504 } },
    ],
  ],
  categories: /^instances_(?:train|val)20\d\d\.json$/,
};

/** Lam et al. 2020: Vietnamese captions of photos of COCO, which are to be had from there. */
const uitViic: CaptionSet = {
  name: 'uit-viic',
  sources: 'the archive with uitviic_captions_*2017.json, and the photos: train2017.zip and val2017.zip of COCO, or a folder',
  alternatives: [
    [
      { name: /^uitviic_captions_train2017\.json$/, split: 'train', photos: { train: 2695 } },
      { name: /^uitviic_captions_val2017\.json$/, split: 'val', photos: { val: 924 } },
      { name: /^uitviic_captions_test2017\.json$/, split: 'test', photos: { test: 231 } },
    ],
  ],
};

export const CAPTION_SETS: readonly CaptionSet[] = [flickr8k, flickr30k, coco, uitViic];
