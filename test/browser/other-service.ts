import type { Locator, Page } from 'playwright-core';
import type { ConsoleWorld } from './console-world.js';

/** A kind of other services that operators enter in the console: its words there, and its operations. */
export interface ServiceKind {
  /** Its list in the admin API. */
  readonly path: string;
  readonly called: string;
  /** The label of its secret, which is never shown. */
  readonly secret: string;
  /** The label of the box by which one is switched off. */
  readonly offered: string;
}

type Typed = Readonly<Record<string, string>>;

export const rowOf = (page: Page, id: string): Locator => page.locator(`[data-row="${id}"]`);
export const dialogOf = (page: Page, name: string): Locator =>
  page.getByRole('dialog', { name, exact: true });
const fieldOf = (dialog: Locator, label: string) => dialog.getByLabel(label, { exact: true });

/** The course that an operator follows with services of one kind, each step pressed to its end. */
export class ServiceCourse {
  constructor(
    private readonly world: ConsoleWorld,
    private readonly kind: ServiceKind,
    private readonly page: Page,
  ) {}

  async kept(id: string) {
    return (await this.world.admin.get(`${this.kind.path}/${id}`)).body;
  }

  async open(id: string, title: string): Promise<Locator> {
    await rowOf(this.page, id).click();
    return dialogOf(this.page, title);
  }

  /** Opens the dialog of a new one and types its members, by their labels. */
  async begin(typed: Typed): Promise<Locator> {
    const title = `New ${this.kind.called}`;
    await this.page.getByRole('button', { name: title }).click();
    const made = dialogOf(this.page, title);
    for (const [label, text] of Object.entries(typed)) await fieldOf(made, label).fill(text);
    return made;
  }

  /** Adds it; its row has these words then. */
  async add(made: Locator, id: string, words: string) {
    expect(await this.world.faults(this.page)).toEqual([]);
    await made.getByRole('button', { name: 'Add it' }).click();
    await rowOf(this.page, id).getByText(words).waitFor();
    return this.kept(id);
  }

  /** Opens one, whose dialog has these words and not its secret. */
  async look(id: string, title: string, words: string): Promise<Locator> {
    const opened = await this.open(id, title);
    await opened.getByText(words).waitFor();
    expect(await opened.getByLabel(this.kind.secret).inputValue()).toBe('');
    return opened;
  }

  /** Switches one off in its dialog, which changes nothing else of it. */
  async switchOff(opened: Locator, id: string): Promise<void> {
    const { version: _, updated_at: __, ...before } = await this.kept(id);
    await opened.getByLabel(this.kind.offered).uncheck();
    await opened.getByRole('button', { name: 'Save' }).click();
    await rowOf(this.page, id).getByText('switched off').waitFor();
    expect(await this.kept(id)).toMatchObject({ ...before, enabled: false });
  }

  async delete(id: string, title: string): Promise<void> {
    const opened = await this.open(id, title);
    await opened.getByRole('button', { name: 'Delete …' }).click();
    await dialogOf(this.page, `Delete ${title}`).getByRole('button', { name: 'Delete for ever' }).click();
    await rowOf(this.page, id).waitFor({ state: 'detached' });
    expect((await this.world.admin.get(`${this.kind.path}/${id}`)).status).toBe(404);
  }

  /** Types each bad value over a good one: the field says what is wrong, and what was typed stays. */
  async areRefused(good: Typed, bad: readonly (readonly [label: string, text: string])[]): Promise<void> {
    const made = await this.begin(good);
    for (const [label, text] of bad) {
      const field = fieldOf(made, label);
      await field.fill(text);
      await made.getByRole('button', { name: 'Add it' }).click();
      await field.and(this.page.locator('[aria-invalid=true]')).waitFor();
      expect([label, await field.inputValue()]).toEqual([label, text]);
      await field.fill(good[label]!);
    }
    await this.page.keyboard.press('Escape');
  }

  /** Saves a member in an open dialog while somebody else has saved another one, by its label: both stand then. */
  async areKept(
    opened: Locator,
    id: string,
    typed: Typed,
    theirs: Readonly<Record<string, unknown>>,
    changed: string,
  ) {
    for (const [label, text] of Object.entries(typed)) await fieldOf(opened, label).fill(text);
    const { version } = await this.kept(id);
    const saved = await this.world.admin.call('PUT', `${this.kind.path}/${id}`, {
      body: theirs,
      headers: { 'if-match': `"${version}"` },
    });
    expect(saved.status).toBe(200);
    await opened.getByRole('button', { name: 'Save' }).click();
    await opened.getByText('Somebody else has saved meanwhile.').waitFor();
    await opened.getByText(`They changed: ${changed}.`).waitFor();
    await opened.getByRole('button', { name: 'Save' }).click();
    await opened.waitFor({ state: 'detached' });
  }
}
