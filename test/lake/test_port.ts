/** Where this process begins to look for a free port: test runs that start at once would else all find the same one free. */
export const testPort = (first: number): number => first + (process.pid % 1_000)
