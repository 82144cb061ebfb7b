import ts from "typescript";

const sourceFiles = new Map<string, ts.SourceFile | undefined>();

/**
 * A compiler host that parses each file once for all programs of this process, and sees one file
 * that exists only in memory.
 *
 * @param path - Absolute path of that file.
 */
export function createCachingHost(
  path: string,
  text: string,
  options: ts.CompilerOptions,
): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  return {
    ...host,
    fileExists: (name) => name === path || host.fileExists(name),
    getSourceFile: (name, languageVersion, ...rest) => {
      if (name === path) return ts.createSourceFile(name, text, languageVersion);
      const cached = sourceFiles.get(name) ?? host.getSourceFile(name, languageVersion, ...rest);
      sourceFiles.set(name, cached);
      return cached;
    },
  };
}

/**
 * Reads a tsconfig.json with all it extends.
 *
 * @throws Error when it cannot be read.
 */
export function readCompilerConfig(configPath: string): ts.ParsedCommandLine {
  const config = ts.getParsedCommandLineOfConfigFile(
    configPath,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
      },
    },
  );
  if (config === undefined) throw new Error(`Cannot read ${configPath}: no configuration`);
  return config;
}
