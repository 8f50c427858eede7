export const extensionDirectory = (): Promise<string> => Promise.resolve('/tmp/team/ext')
