/** The command line talks to the admin API and is used as a program, so this room offers nothing to import. */
export {};
