/**
 * What the package's entries export: no name comes or goes unnoticed, each has a docstring, and each type that a declaration
 * of theirs names can be named by who uses it. The declarations are those of the build.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>;
};
/** The declarations of each entry. */
const entries = Object.entries(exports).flatMap(([name, entry]) =>
  typeof entry === 'string' ? [] : [{ name, path: join(root, entry.types) }],
);
const built = test.skipIf(!entries.every(({ path }) => existsSync(path)));

/** The declarations alone: what packages declare is not looked at. */
function programOf(paths: readonly string[]): ts.Program {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noLib: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => {
      const resolvedFileName = join(dirname(from), text.replace(/\.js$/, '.d.ts'));
      return { resolvedModule: text.startsWith('.') ? { resolvedFileName, extension: ts.Extension.Dts } : undefined };
    });
  return ts.createProgram(paths, options, host);
}

/** What each entry exports, by name. */
function exportsOf(program: ts.Program): ReadonlyMap<string, ReadonlyMap<string, ts.Symbol>> {
  const checker = program.getTypeChecker();
  const symbolsOf = (path: string): ReadonlyMap<string, ts.Symbol> => {
    const file = program.getSourceFile(path);
    const module = file && checker.getSymbolAtLocation(file);
    const symbols = module === undefined ? [] : checker.getExportsOfModule(module);
    return new Map(symbols.map((symbol) => [symbol.name, resolved(symbol, checker)]));
  };
  return new Map(entries.map(({ name, path }) => [name, symbolsOf(path)]));
}

function resolved(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** The name of a type that stands at `node`; `typeof` names a value, whose type can be had without it. */
function typeNameAt(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

/** Types of ours that the declarations of `symbols`, or of what they name, name without exporting them: "A (of B)". */
function unexported(symbols: ReadonlySet<ts.Symbol>, checker: ts.TypeChecker): string[] {
  const found: string[] = [];
  const seen = new Set(symbols);
  const visit = (node: ts.Node, owner: ts.Symbol): void => {
    const name = typeNameAt(node);
    const symbol = name && checker.getSymbolAtLocation(name);
    const named = symbol && resolved(symbol, checker);
    if (named !== undefined && !seen.has(named) && (named.flags & ts.SymbolFlags.TypeParameter) === 0) {
      seen.add(named);
      if (named.declarations !== undefined) found.push(`${named.name} (of ${owner.name})`);
      visitAll(named);
    }
    ts.forEachChild(node, (child) => visit(child, owner));
  };
  const visitAll = (symbol: ts.Symbol): void => symbol.declarations?.forEach((node) => visit(node, symbol));
  for (const symbol of symbols) visitAll(symbol);
  return found;
}

built('every type that a public declaration names is exported', () => {
  const program = programOf(entries.map(({ path }) => path));
  const exported = [...exportsOf(program).values()].flatMap((symbols) => [...symbols.values()]);
  expect(exported.length).toBeGreaterThan(100);
  expect(unexported(new Set(exported), program.getTypeChecker())).toEqual([]);
});

built('every export says what it is', () => {
  const program = programOf(entries.map(({ path }) => path));
  const silent = [...exportsOf(program).values()]
    .flatMap((symbols) => [...symbols])
    .filter(([, symbol]) => symbol.getDocumentationComment(program.getTypeChecker()).length === 0);
  expect(silent.map(([name]) => name)).toEqual([]);
});

built('the entries export these names', () => {
  const exported = exportsOf(programOf(entries.map(({ path }) => path)));
  expect(
    Object.fromEntries([...exported].map(([name, symbols]) => [name, [...symbols.keys()].sort()])),
  ).toMatchSnapshot();
});
