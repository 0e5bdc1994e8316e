/** Tables for people. */
import stringWidth from 'string-width';

/** Rows with their columns to the right, but for the last, which is to the left. */
export function alignedTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const cell = (text: string, column: number): string =>
    column === columns - 1 ? `  ${text}` : ' '.repeat((widths[column] ?? 0) + 2 - stringWidth(text)) + text;
  return rows.map((row) => `${row.map(cell).join('')}\n`).join('');
}

/** Rows: the right class, columns: what was said, by number. */
export function confusionTable(labels: readonly string[], confusion: readonly (readonly number[])[]): string {
  const header = [...labels.map((_, index) => String(index)), 'the right class'];
  const rows = confusion.map((row, index) => [...row.map(String), `${index} ${labels[index]}`]);
  return alignedTable([header, ...rows]);
}

/** A share in per cent. */
export const percent = (value: number, digits = 1): string => (100 * value).toFixed(digits);

/** What scores are on: "on 5 photos", and how many of them failed. */
export function scoredOn(count: number, what: string, failed: number): string {
  return `on ${count} ${what}${failed === 0 ? '' : ` (${failed} failed)`}`;
}
