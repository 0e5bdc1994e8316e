/** Provisional caption scores: CIDEr-D (Vedantam et al. 2015) and BLEU (Papineni et al. 2002). */
import { tokenize } from '../text/tokenizer.js';

export interface CaptionScores {
  readonly bleu1: number;
  readonly bleu2: number;
  readonly bleu3: number;
  readonly bleu4: number;
  readonly ciderD: number;
  readonly rougeL: number;
  readonly distinctCaptions: number;
}

type Counts = Map<string, number>;

function ngrams(tokens: readonly string[]): Counts[] {
  return [1, 2, 3, 4].map((n) => {
    const counts: Counts = new Map();
    for (let i = 0; i + n <= tokens.length; i++) {
      const key = tokens.slice(i, i + n).join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  });
}

export function scoreCaptions(input: {
  readonly candidates: readonly string[];
  readonly references: readonly (readonly string[])[];
}): CaptionScores {
  const cands = input.candidates.map((c) => tokenize(c));
  const refs = input.references.map((list) => list.map((r) => tokenize(r)));
  const grams = cands.map(ngrams);
  const refGrams = refs.map((list) => list.map(ngrams));
  const match = [0, 0, 0, 0];
  const total = [0, 0, 0, 0];
  let length = 0;
  let refLength = 0;
  cands.forEach((c, i) => {
    length += c.length;
    const lengths = (refs[i] ?? []).map((r) => r.length);
    refLength += lengths.reduce(
      (best, l) => (Math.abs(l - c.length) < Math.abs(best - c.length) ? l : best),
      lengths[0] ?? 0,
    );
    grams[i]?.forEach((counts, n) => {
      for (const [key, count] of counts) {
        const most = Math.max(...(refGrams[i] ?? []).map((g) => g[n]?.get(key) ?? 0));
        match[n] = (match[n] as number) + Math.min(count, most);
        total[n] = (total[n] as number) + count;
      }
    });
  });
  const brevity = length < refLength ? Math.exp(1 - refLength / length) : 1;
  const bleu = (n: number): number => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += Math.log(((match[k] as number) + 1e-15) / ((total[k] as number) + 1e-9));
    return brevity * Math.exp(sum / n);
  };
  const df: Counts = new Map();
  refGrams.forEach((list) => {
    const seen = new Set(list.flatMap((g) => g.flatMap((c) => [...c.keys()])));
    for (const key of seen) df.set(key, (df.get(key) ?? 0) + 1);
  });
  const logN = Math.log(refs.length);
  const vec = (g: Counts[]): { w: Map<string, number>[]; norm: number[] } => {
    const w = g.map((counts) => {
      const m = new Map<string, number>();
      for (const [key, count] of counts) m.set(key, count * (logN - Math.log(Math.max(1, df.get(key) ?? 0))));
      return m;
    });
    return { w, norm: w.map((m) => Math.sqrt([...m.values()].reduce((s, v) => s + v * v, 0))) };
  };
  let cider = 0;
  cands.forEach((c, i) => {
    const a = vec(grams[i] as Counts[]);
    let sum = 0;
    (refGrams[i] ?? []).forEach((g, r) => {
      const b = vec(g);
      const delta = c.length - (refs[i]?.[r]?.length ?? 0);
      for (let n = 0; n < 4; n++) {
        let dot = 0;
        for (const [key, v] of a.w[n] as Map<string, number>) {
          const u = b.w[n]?.get(key) ?? 0;
          dot += Math.min(v, u) * u;
        }
        const norm = (a.norm[n] as number) * (b.norm[n] as number);
        sum += norm === 0 ? 0 : (dot / norm) * Math.exp(-(delta * delta) / 72);
      }
    });
    cider += (10 * sum) / 4 / (refGrams[i]?.length ?? 1);
  });
  return {
    bleu1: bleu(1),
    bleu2: bleu(2),
    bleu3: bleu(3),
    bleu4: bleu(4),
    ciderD: cider / cands.length,
    rougeL: 0,
    distinctCaptions: new Set(input.candidates).size,
  };
}
