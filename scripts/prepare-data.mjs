#!/usr/bin/env node
/**
 * Prepares a data set for training from its publisher's archives: `looksay prepare` under the name of a script. In a clone
 * run `npm run build` before.
 *
 *     node scripts/prepare-data.mjs flickr8k Flickr8k_Dataset.zip Flickr8k_text.zip --output data/flickr8k
 *     node scripts/prepare-data.mjs coco annotations_trainval2017.zip val2017.zip --output data/coco \
 *       --resplit --train 2500 --val 300 --categories person
 *     node scripts/prepare-data.mjs imdb aclImdb_v1.tar.gz --output data/imdb
 *     node scripts/prepare-data.mjs --help
 */
import { main } from '../dist/cli/main.js';

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
process.once('SIGTERM', () => stop.abort());
process.exitCode = await main(['prepare', ...process.argv.slice(2)], { signal: stop.signal });
