import { type CSSProperties, useEffect, useRef, useState } from 'react';

interface Look {
  readonly logo_png: string;
  readonly accent_color_light: string;
  readonly accent_color_dark: string;
}

interface LookPreviewProps {
  readonly name: string;
  readonly look: Look;
}

/** The beginning of a sign-in page with a look, once light and once dark. */
export function LookPreview({ name, look }: LookPreviewProps) {
  return (
    <div className="look" role="img" aria-label={`Preview of the sign-in to ${name}, light and dark`}>
      <Sample appearance="light" accent={look.accent_color_light} name={name} logo={look.logo_png} />
      <Sample appearance="dark" accent={look.accent_color_dark} name={name} logo={look.logo_png} />
    </div>
  );
}

interface SampleProps {
  readonly appearance: 'light' | 'dark';
  readonly accent: string;
  readonly name: string;
  readonly logo: string;
}

const colourForm = /^#[0-9a-f]{6}$/;

function Sample({ appearance, accent, name, logo }: SampleProps) {
  const own = colourForm.test(accent.trim()) ? ({ '--accent': accent.trim() } as CSSProperties) : undefined;
  return (
    <div className="sample" data-appearance={appearance} data-own={own ? true : undefined} style={own}>
      <div className="card">
        <Logo base64={logo} />
        <span className="strong">Sign in</span>
        <span>to continue to {name}</span>
        <span className="button compact">Sign in</span>
        <span className="linked">Forgotten password?</span>
      </div>
    </div>
  );
}

/** A logo that is not kept yet. It is painted, because the content security policy lets no picture come from anywhere but the console's host. */
function Logo({ base64 }: { readonly base64: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  useEffect(() => {
    let isStale = false;
    void paint(canvas.current, base64).then((done) => isStale || setUnreadable(!done));
    return () => {
      isStale = true;
    };
  }, [base64]);
  if (base64 === '') return null;
  return (
    <>
      <canvas ref={canvas} hidden={isUnreadable} />
      {isUnreadable && <span className="small quiet">No picture that a browser can show</span>}
    </>
  );
}

async function paint(canvas: HTMLCanvasElement | null, base64: string): Promise<boolean> {
  if (!canvas || base64 === '') return true;
  try {
    const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.getContext('2d')?.drawImage(picture, 0, 0);
    return true;
  } catch {
    return false;
  }
}
