/**
 * Returns class names for tables and charts, in which two classes with the same name must differ: a name that occurs several times gets the
 * index of its class, such as `crane (134)`.
 */
export function uniqueNames(classNames: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of classNames) counts.set(name, (counts.get(name) ?? 0) + 1);
  return classNames.map((name, index) => {
    if (counts.get(name) === 1) return name;
    let unique = `${name} (${index})`;
    // Another class may have exactly this name.
    while (counts.has(unique)) unique = `${unique} (${index})`;
    return unique;
  });
}
