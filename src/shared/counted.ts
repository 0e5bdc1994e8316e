/** Counts as people read them: `counted(1, 'document')` is "1 document", `counted(12345, 'document')` "12,345 documents". */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
